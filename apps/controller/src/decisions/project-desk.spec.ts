import { expect, it } from '@jest/globals';
import { pino } from 'pino';

import type { ReviewCommand } from '#review';

import type { CommandResult } from '../operator/operator-port.ts';
import { ProjectDesk } from './project-desk.ts';

it('writes down who was first of each project, together, and again where this replica begins to lead', async () => {
  const commands: ReviewCommand[] = [];
  let isLeader = false;
  const answer = Promise.withResolvers<CommandResult>();
  const desk = new ProjectDesk({
    isLeader: () => isLeader,
    command: (command) => {
      commands.push(command);
      return answer.promise;
    },
    log: pino({ level: 'silent' }),
  });
  desk.first('crm', 'a');
  desk.first('crm', 'b');
  desk.first('erp', 'b');
  await Promise.resolve();
  expect(commands).toEqual([]);
  isLeader = true;
  desk.tryAgain();
  desk.tryAgain();
  expect(commands).toEqual([{ kind: 'found-projects', projects: [{ project: 'crm', node: 'a' }, { project: 'erp', node: 'b' }] }]);
  // what comes meanwhile is next
  desk.first('wiki', 'c');
  answer.resolve({ kind: 'done', seq: 1, notes: [] });
  await new Promise(setImmediate);
  expect(commands.slice(1)).toEqual([{ kind: 'found-projects', projects: [{ project: 'wiki', node: 'c' }] }]);
  desk.close();
});
