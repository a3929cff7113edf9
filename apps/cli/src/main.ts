import { Command } from 'commander';

const program = new Command('ringfence')
  .description('Learns who talks to whom from what is already written down, and turns it into least-privilege network policy')
  .version('0.1.0');

program.parse();
