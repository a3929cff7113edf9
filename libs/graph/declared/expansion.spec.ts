import { describe, expect, it } from '@jest/globals';

import { expandKubernetes, expandTemplate } from './expansion.ts';

const variables = new Map([
  ['HOST', { value: 'db', isSecret: false }],
  ['PASSWORD', { value: 'hunter2', isSecret: true }],
  ['LOOP', { value: '$(LOOP)', isSecret: false }],
]);

describe('expandKubernetes', () => {
  it.each([
    ['tcp://$(HOST):5432', 'tcp://db:5432'],
    ['$(MISSING)/x', '$(MISSING)/x'],
    ['$$(HOST)', '$(HOST)'],
    ['$HOST ${HOST}', '$HOST ${HOST}'],
    ['$(LOOP)', '$(LOOP)'],
  ])('%s', (text, expected) => {
    expect(expandKubernetes(text, variables).text).toBe(expected);
  });

  it('remembers that a secret went in', () => {
    expect(expandKubernetes('u:$(PASSWORD)@$(HOST)', variables).isSecret).toBe(true);
    expect(expandKubernetes('$(HOST)', variables).isSecret).toBe(false);
  });
});

describe('expandTemplate', () => {
  it.each([
    ['shell', 'http://${HOST}:80 $HOST', 'http://db:80 db'],
    ['a default that is not needed', '${HOST:-other}', 'db'],
    ['a default that is', '${MISSING:-other}:${PORT:-80}', 'other:80'],
    ['Spring', '${MISSING:other}', 'other'],
    ['Spring, nested', '${MISSING:${HOST:x}}', 'db'],
    ['a collector', '${env:HOST}', 'db'],
    ['Go templates', '{{ env "HOST" }} {{ .Env.HOST }}', 'db db'],
    ['Caddy', '{$HOST}', 'db'],
    ['supervisord', '%(ENV_HOST)s', 'db'],
    ['what nobody knows', '${MISSING} $MISSING', '${MISSING} $MISSING'],
    ['a loop counter', 'web-$i.web', 'web-0.web'],
  ])('%s', (_reason, text, expected) => {
    expect(expandTemplate(text, variables).text).toBe(expected);
  });

  it('does not grow without bound', () => {
    const big = new Map([['A', { value: 'x'.repeat(100_000), isSecret: false }]]);
    expect(expandTemplate('${A}'.repeat(1000), big).text.length).toBeLessThan(2_100_000);
  });
});
