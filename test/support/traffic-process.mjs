// One end of TCP traffic inside a network namespace, a process of its own: a socket belongs to the
// namespace of the thread that opens it. Answers every line on its standard input with its counts.
//
//   serve PORT            answers what it is sent; to who says `push`, sends without being asked
//   call FROM TO PORT     one connection after another, each asking once
//   stream FROM TO PORT   one connection that keeps asking
//   listen FROM TO PORT   one connection that says `push` and only listens
import net from 'node:net';
import { createInterface } from 'node:readline';

const [what, ...rest] = process.argv.slice(2);
const counts = { ok: 0, failed: 0, sent: 0, received: 0, why: '' };
const PATIENCE_MS = Number(process.env.PATIENCE_MS ?? 5000);

createInterface({ input: process.stdin }).on('line', () => say());
process.stdin.on('end', () => process.exit(0));

function say() {
  process.stdout.write(`${JSON.stringify(counts)}\n`);
}

function serve(port) {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (first) => {
      if (!first.toString().startsWith('push')) {
        socket.write(first);
        socket.on('data', (data) => socket.write(data));
        return;
      }
      const timer = setInterval(() => {
        if (socket.writableLength < 65536) socket.write('pushed\n');
        counts.sent += 1;
      }, 2);
      socket.on('close', () => clearInterval(timer));
    });
  });
  server.listen(port, '::', say);
}

function call(from, to, port) {
  let isOver = false;
  const socket = net.connect({ host: to, port, localAddress: from });
  const end = (isOk, why = '') => {
    if (isOver) return;
    isOver = true;
    if (isOk) counts.ok += 1;
    else {
      counts.failed += 1;
      counts.why = why;
    }
    // a reset leaves no connection behind that would run out of ports
    socket.resetAndDestroy();
    setImmediate(call, from, to, port);
  };
  socket.setTimeout(PATIENCE_MS, () => end(false, 'timeout'));
  socket.on('error', (error) => end(false, error.code));
  socket.on('connect', () => socket.write('x'));
  socket.on('data', () => end(true));
  socket.on('close', () => end(false, 'closed'));
}

function keepOpen(from, to, port, isListening) {
  const socket = net.connect({ host: to, port, localAddress: from });
  socket.on('error', (error) => {
    counts.failed += 1;
    counts.why = error.code;
  });
  socket.on('connect', () => {
    socket.write(isListening ? 'push' : 'x');
    if (!isListening) {
      setInterval(() => {
        if (socket.writableLength < 65536) socket.write('x');
        counts.sent += 1;
      }, 2);
    }
  });
  socket.on('data', (data) => {
    if (counts.received === 0) setImmediate(say);
    counts.received += data.length;
  });
}

if (what === 'serve') serve(Number(rest[0]));
else {
  const [from, to, port] = rest;
  if (what === 'call') {
    say();
    call(from, to, Number(port));
  } else keepOpen(from, to, Number(port), what === 'listen');
}
