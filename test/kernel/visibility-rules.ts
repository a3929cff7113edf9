import { CLIENT, SERVER, STRANGER, VIRTUAL } from './visibility-world.ts';

/**
 * Rules with the marks and the prefixes of a node's, few enough to read.
 *
 * Mark: 31 pending │ 30-24 generation │ 23-12 egress rule │ 11-0 ingress rule
 */
export const NODE_RULES = `
table ip service {
	chain prerouting {
		type nat hook prerouting priority -100; policy accept;
		ip daddr ${VIRTUAL} tcp dport 80 dnat to ${SERVER.four}:8080
	}
}
table inet ringfence {
	chain payload {
		meta l4proto { tcp, udp } th sport 53 ct direction reply @ih,0,8 >= 0 log prefix "ringfence:N" group 8 snaplen 1500 queue-threshold 1
		meta l4proto { tcp, udp } th sport 53 accept
		ct direction original @ih,0,8 >= 0 log prefix "ringfence:P" group 8 snaplen 512 queue-threshold 1
		ct direction reply @ih,0,8 >= 0 log prefix "ringfence:PR" group 8 snaplen 512 queue-threshold 1
		@ih,0,8 >= 0 ct mark set ct mark & 0x7fffffff accept
		accept
	}
	chain l7_bad {
		log prefix "ringfence:7:postgresql" group 7 snaplen 128 queue-threshold 1
		meta l4proto tcp reject with tcp reset
	}
	chain l7_postgresql {
		@ih,32,32 { 196608, 80877103 } ct mark set ct mark & 0x7fffffff accept
		@ih,0,8 >= 0 goto l7_bad
		accept
	}
	chain forward {
		type filter hook forward priority -10; policy accept;
		ct state established,related ct mark & 0xff000000 0x01000000 accept
		ct state established,related tcp dport 5432 goto l7_postgresql
		ct state established,related goto payload
		icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
		ip saddr ${STRANGER} log prefix "ringfence:U" group 7 snaplen 128 queue-threshold 1 drop
		meta l4proto tcp th dport 2222 log prefix "ringfence:D:i_server" group 7 snaplen 128 queue-threshold 1 drop
		meta l4proto tcp th dport 3333 log prefix "ringfence:A:i_server" group 7 snaplen 128 queue-threshold 1
		meta l4proto tcp th dport 4444 log prefix "ringfence:S" group 7 snaplen 128 queue-threshold 1 drop
		ip saddr ${CLIENT.four} ct mark set 0x81007003 accept
		ip6 saddr ${CLIENT.six} ct mark set 0x81008004 accept
	}
}
`;
