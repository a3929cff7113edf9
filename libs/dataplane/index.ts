export { type NetlinkMessage } from './netlink/netlink-message.ts';
export { inNetworkNamespace } from './netlink/network-namespace.ts';
export { NetlinkSocket, type NetlinkSocketOptions } from './netlink/netlink-socket.ts';
