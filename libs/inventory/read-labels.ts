import { type LabelOperator, type LabelRequirement, type LabelSelector, type Labels, compareText } from '#model';

import type { Fields } from './object-reading.ts';
import { shown } from './shown-text.ts';

const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;
const LONGEST_VALUE = 63;

/** Whether the API server takes this as a label key: an optional DNS prefix and a name of at most 63 characters. */
export function isLabelKey(key: string): boolean {
  const slash = key.indexOf('/');
  return slash < 0 ? NAME.test(key) : PREFIX.test(key.slice(0, slash)) && NAME.test(key.slice(slash + 1));
}

export function isLabelValue(value: string): boolean {
  return value === '' || (value.length <= LONGEST_VALUE && NAME.test(value));
}

/**
 * The labels an object carries.
 *
 * One the API server would refuse is left out, with a warning: no selector can name it, and a
 * policy of ours must not either.
 */
export function readLabels(fields: Fields | undefined, key = 'labels'): Labels {
  if (fields === undefined) return {};
  const labels = fields.textMap(key);
  const wrong = Object.entries(labels).filter(([name, value]) => !isLabelKey(name) || !isLabelValue(value));
  if (wrong.length === 0) return labels;
  for (const [name] of wrong) {
    fields.reading.say('warning', 'bad-label', `${fields.pathOf(key)}: the label ${shown(name)} has a key or value that no label may have, and is left out`, 'correct it; the API server refuses it');
  }
  const refused = new Set(wrong.map(([name]) => name));
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !refused.has(name)));
}

/** Labels that choose something: one that can not be read refuses the object, for a selector without it would choose more. */
export function readMatchLabels(fields: Fields, key: string): Labels {
  const labels = fields.textMap(key);
  for (const [name, value] of Object.entries(labels)) {
    if (!isLabelKey(name) || !isLabelValue(value)) fields.refuse(key, `selects by ${shown(name)}, which no label can be`);
  }
  const given = fields.object(key);
  if (given !== undefined && Object.keys(given.body).length !== Object.keys(labels).length) fields.refuse(key, 'has a label without a value');
  return labels;
}

const OPERATORS: Readonly<Record<string, LabelOperator>> = { In: 'In', NotIn: 'NotIn', Exists: 'Exists', DoesNotExist: 'DoesNotExist' };

/** A metav1.LabelSelector. An absent one has no requirement, which here selects everything: callers decide what absence means. */
export function readLabelSelector(selector: Fields | undefined): LabelSelector {
  if (selector === undefined) return { requirements: [] };
  const requirements: LabelRequirement[] = Object.entries(readMatchLabels(selector, 'matchLabels')).map(([key, value]) => ({ key, operator: 'In', values: [value] }));
  for (const expression of selector.objects('matchExpressions')) {
    const key = expression.text('key') ?? '';
    const name = expression.text('operator') ?? '';
    const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
    const values = expression.texts('values');
    if (!isLabelKey(key)) expression.refuse('key', 'is no label key');
    else if (operator === undefined) expression.refuse('operator', 'is not In, NotIn, Exists or DoesNotExist');
    else if ((operator === 'In' || operator === 'NotIn') !== values.length > 0) expression.refuse('values', `does not go with ${operator}`);
    else requirements.push({ key, operator, values: [...new Set(values)].sort() });
  }
  return { requirements: requirements.sort(compareRequirements) };
}

function compareRequirements(a: LabelRequirement, b: LabelRequirement): number {
  return compareText(a.key, b.key) || compareText(a.operator, b.operator) || compareText(a.values.join(), b.values.join());
}
