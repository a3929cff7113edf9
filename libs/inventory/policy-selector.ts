import type { Json, LabelOperator, LabelRequirement, LabelSelector } from '#model';
import { compareText } from '#model';

import { describe, type PolicyReading } from './policy-reading.ts';

const OPERATORS: readonly string[] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];
// metav1 label syntax: an optional DNS prefix, then at most 63 characters of name
const LABEL_KEY = /^(?:(?=.{1,253}\/)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\/)?(?=[^/]{1,63}$)[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(?=.{0,63}$)(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

/**
 * Reads a metav1.LabelSelector with the API server's own checks; the order of its parts is lost.
 *
 * An unknown field makes the object invalid: ignoring it would make the selector select more than
 * it says.
 */
export function readSelector(reading: PolicyReading, value: Json | undefined, path: string): LabelSelector {
  const fields = reading.fields(value, path);
  for (const name of Object.keys(fields)) {
    if (name === 'matchLabels' || name === 'matchExpressions') continue;
    reading.refuse(path, `has the field ${describe(name)}, which no selector has`, 'use matchLabels and matchExpressions');
  }
  const labels = reading.fields(fields['matchLabels'], `${path}.matchLabels`);
  const requirements = Object.keys(labels).map((key): LabelRequirement => {
    const place = `${path}.matchLabels[${describe(key)}]`;
    const text = reading.text(labels[key], place) ?? '';
    return { key: checkKey(reading, key, place), operator: 'In', values: [checkValue(reading, text, place)] };
  });
  reading.items(fields['matchExpressions'], `${path}.matchExpressions`).forEach((item, index) => {
    const requirement = readExpression(reading, item, `${path}.matchExpressions[${String(index)}]`);
    if (requirement !== undefined) requirements.push(requirement);
  });
  return { requirements: requirements.sort(compareRequirements) };
}

function readExpression(reading: PolicyReading, item: Json, path: string): LabelRequirement | undefined {
  const fields = reading.fields(item, path);
  reading.expectOnly(fields, ['key', 'operator', 'values'], path);
  const key = checkKey(reading, reading.text(fields['key'], `${path}.key`) ?? '', `${path}.key`);
  const operator = reading.text(fields['operator'], `${path}.operator`) ?? '';
  const values = reading
    .items(fields['values'], `${path}.values`)
    .map((value, index) => checkValue(reading, reading.text(value, `${path}.values[${String(index)}]`) ?? '', `${path}.values[${String(index)}]`));
  if (!isOperator(operator)) {
    reading.refuse(`${path}.operator`, `is ${describe(operator)}`, `use one of ${OPERATORS.join(', ')}`);
    return undefined;
  }
  const wantsValues = operator === 'In' || operator === 'NotIn';
  if (wantsValues && values.length === 0) reading.refuse(`${path}.values`, `is empty with ${operator}`, 'list at least one value, or use Exists or DoesNotExist');
  if (!wantsValues && values.length > 0) reading.refuse(`${path}.values`, `is given with ${operator}`, 'leave the values out, or use In or NotIn');
  return { key, operator, values: [...new Set(values)].sort(compareText) };
}

function isOperator(text: string): text is LabelOperator {
  return OPERATORS.includes(text);
}

function checkKey(reading: PolicyReading, key: string, path: string): string {
  if (!LABEL_KEY.test(key)) reading.refuse(path, `has the key ${describe(key)}, which no label can have`, 'a label key is an optional DNS prefix and a slash, then up to 63 letters, digits, dashes, dots or underscores');
  return key;
}

function checkValue(reading: PolicyReading, value: string, path: string): string {
  if (!LABEL_VALUE.test(value)) reading.refuse(path, `has the value ${describe(value)}, which no label can have`, 'a label value is up to 63 letters, digits, dashes, dots or underscores');
  return value;
}

function compareRequirements(a: LabelRequirement, b: LabelRequirement): number {
  return compareText(a.key, b.key) || compareText(a.operator, b.operator) || compareText(a.values.join(','), b.values.join(','));
}
