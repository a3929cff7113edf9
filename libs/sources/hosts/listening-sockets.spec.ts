import { describe, expect, it } from '@jest/globals';

import { isLoopback, readListeningSockets } from './listening-sockets.ts';

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const line = (local: string, remote: string, state: string, inode = '4711'): string => `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 100 0 0 10 0\n`;
const ANY4 = '00000000:0000';
const ANY6 = '00000000000000000000000000000000:0000';

describe('sockets that wait', () => {
  it('are read in both families, whatever the order of bytes', () => {
    const text = HEAD + line('0A00000A:1F90', ANY4, '0A') + line('0100007F:0CEA', ANY4, '0A') + line('0A00000A:1F90', '0B00000A:C350', '01');
    expect(readListeningSockets(text, 'TCP', 32_768).map(({ address, port, inode }) => [address.text, port, inode])).toEqual([['10.0.0.10', 8080, 4711], ['127.0.0.1', 3306, 4711]]);
    const six = HEAD + line('B80D0120000000000000000001000000:0050', ANY6, '0A') + line('00000000000000000000000001000000:0051', ANY6, '0A');
    const found = readListeningSockets(six, 'TCP', 32_768);
    expect(found.map(({ address, port }) => [address.text, port])).toEqual([['2001:db8::1', 80], ['::1', 81]]);
    expect(found.map(isLoopback)).toEqual([false, true]);
  });

  it('are, of datagrams, those on ports no client is given', () => {
    const text = HEAD + line('00000000:0035', ANY4, '07') + line('00000000:9C40', ANY4, '07') + line('0A00000A:0044', '0100000A:0043', '01');
    expect(readListeningSockets(text, 'UDP', 32_768).map(({ port }) => port)).toEqual([53]);
  });

  it.each(['', 'nonsense', line('XX', ANY4, '0A'), line('00000000:0000', ANY4, '0A'), line('00000000:0050', ANY4, '0A', '0'), 'a'.repeat(1_000_000)])('are none in anything else', (text) => {
    expect(readListeningSockets(text, 'TCP', 32_768)).toEqual([]);
  });
});
