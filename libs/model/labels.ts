/** Labels by key, in wire shape. Read with {@link labelOf}: a hostile key such as `constructor` must not find Object's own. */
export type Labels = Readonly<Record<string, string>>;

/** The value of one label, or undefined where the object does not carry it. */
export function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

export type LabelOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';

export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

/**
 * A label selector with its requirements ANDed, `matchLabels` folded in as `In` with one value,
 * sorted by key, operator and values. No requirement at all selects everything.
 *
 * Source of the rules: metav1.LabelSelector of the Kubernetes API reference. `NotIn` and
 * `DoesNotExist` match objects without the key.
 */
export interface LabelSelector {
  readonly requirements: readonly LabelRequirement[];
}

export const EVERYTHING: LabelSelector = { requirements: [] };

/** A selector that asks for exactly these labels. */
export function selectorFromLabels(labels: Labels): LabelSelector {
  const requirements = Object.keys(labels)
    .sort()
    .map((key): LabelRequirement => ({ key, operator: 'In', values: [labels[key] ?? ''] }));
  return { requirements };
}

export function selects(selector: LabelSelector, labels: Labels): boolean {
  return selector.requirements.every((requirement) => meets(requirement, labels));
}

function meets({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const value = labelOf(labels, key);
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** `app=web,tier in (a,b),!canary`, as kubectl writes selectors; `*` for one that selects everything. */
export function formatSelector(selector: LabelSelector): string {
  if (selector.requirements.length === 0) return '*';
  return selector.requirements.map(formatRequirement).join(',');
}

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'In':
      return values.length === 1 ? `${key}=${values[0] ?? ''}` : `${key} in (${values.join(',')})`;
    case 'NotIn':
      return values.length === 1 ? `${key}!=${values[0] ?? ''}` : `${key} notin (${values.join(',')})`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
  }
}
