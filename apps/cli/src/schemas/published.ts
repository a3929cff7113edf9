import { z } from 'zod';

import { graphSchema } from '#operator-api';

import { checkSchema } from './check-schema.ts';
import { diffSchema } from './diff-schema.ts';
import { explainSchema } from './explain-schema.ts';
import { generateSchema } from './generate-schema.ts';
import { admitSchema, approveSchema, flowsSchema, journalSchema, modeSchema, nodesConfirmSchema, nodesRemoveSchema, nodesSchema, outputsSchema, proposalsSchema, rejectSchema, revisionsSchema, rollbackSchema, showSchema, statusSchema, whySchema } from './live-schemas.ts';
import { labDownSchema, labStatusSchema, labTrafficSchema } from './lab-schema.ts';
import { nodeCertSchema, nodeDoneSchema, nodeShowSchema, nodeStatusSchema, nodeWhySchema } from './node-schema.ts';
import { simulateSchema } from './simulate-schema.ts';
import { verifySchema } from './verify-schema.ts';

export const schemas: Readonly<Record<string, z.ZodType>> = {
  admit: admitSchema,
  approve: approveSchema,
  check: checkSchema,
  diff: diffSchema,
  edit: showSchema,
  explain: explainSchema,
  flows: flowsSchema,
  generate: generateSchema,
  graph: graphSchema,
  journal: journalSchema,
  'lab down': labDownSchema,
  'lab status': labStatusSchema,
  'lab traffic': labTrafficSchema,
  'lab up': labStatusSchema,
  mode: modeSchema,
  'node apply': nodeDoneSchema,
  'node cert': nodeCertSchema,
  'node confirm': nodeDoneSchema,
  'node panic': nodeDoneSchema,
  'node resume': nodeDoneSchema,
  'node show': nodeShowSchema,
  'node status': nodeStatusSchema,
  'node why': nodeWhySchema,
  nodes: nodesSchema,
  'nodes confirm': nodesConfirmSchema,
  'nodes retry': nodesConfirmSchema,
  'nodes remove': nodesRemoveSchema,
  outputs: outputsSchema,
  proposals: proposalsSchema,
  reject: rejectSchema,
  revisions: revisionsSchema,
  rollback: rollbackSchema,
  show: showSchema,
  simulate: simulateSchema,
  status: statusSchema,
  verify: verifySchema,
  why: whySchema,
};

/** The JSON schema (draft 2020-12) of a command's `-o json`, as `--schema` prints it. */
export function publishedSchema(command: string): string {
  const schema = schemas[command];
  if (schema === undefined) throw new Error(`print the schema of ${command}: there is none`);
  return `${JSON.stringify({ title: `ringfence ${command} -o json`, ...z.toJSONSchema(schema) }, undefined, 2)}\n`;
}
