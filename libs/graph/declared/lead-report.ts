import { type Diagnostic, type Evidence, type UnresolvedMention, type Workload, workloadKey } from '#model';

import { groundFactor, mentionConfidence } from './confidence.ts';
import type { Draft } from './draft.ts';
import { isClusterName } from './host-name.ts';
import type { ChosenPort } from './port-choice.ts';
import type { Lead, Target } from './target.ts';
import { judgeMention } from './tier.ts';

// a weak reason is worth less than half, however plainly it is written
const WEAK = 0.45;

/** Turns leads into drafts, with evidence in words; collects what leads nowhere and what looks wrong. */
export class Reporter {
  readonly unresolved: UnresolvedMention[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly #said = new Set<string>();

  report(client: Workload, lead: Lead, bookVerdict: string | undefined): readonly Draft[] {
    if (lead.absent !== undefined) this.#reportAbsent(client, lead, lead.absent);
    return lead.targets.flatMap((target) => {
      const verdict = judgeMention(lead.sighting.mention, target);
      if (verdict.tier === 'none') return [];
      const why = verdict.tier === 'weak' ? verdict.why : bookVerdict;
      const tier = why === undefined ? verdict.tier : 'weak';
      this.#reportPort(client, lead, target, tier);
      return draftsOf(client, lead, target, tier, why);
    });
  }

  #reportAbsent(client: Workload, { sighting }: Lead, why: string): void {
    const { mention } = sighting;
    if (mention.switchedOffBy !== undefined || mention.isCode === true || sighting.isPassedOver === true || sighting.channel === 'unmounted-configmap' || ['browser', 'identity', 'own', 'never'].includes(mention.meaning)) return;
    if (!isClusterName(mention.host) && !isTelling(sighting)) return;
    const text = sighting.isSecret ? '[secret]' : mention.host;
    if (!this.#isNew(`${workloadKey(client.ref)}\n${text}\n${String(mention.port)}${sighting.isSecret ? sighting.where : ''}`)) return;
    this.unresolved.push({
      from: client.ref,
      text,
      port: sighting.isSecret ? null : (mention.port ?? null),
      evidence: evidenceOf(sighting, `${sighting.place} names ${sighting.isSecret ? 'a host' : mention.host}: ${sighting.isSecret ? 'nothing in the input has that name' : why}`),
    });
  }

  #reportPort(client: Workload, { sighting }: Lead, target: Target, tier: string): void {
    if (target.kind !== 'workload' || target.ground !== 'mistaken' || tier !== 'strong') return;
    const subject = formatRef(client);
    const message = `${sighting.place} names a port of ${formatRef(target.workload)} that its Service does not have`;
    if (!this.#isNew(`${subject}\n${message}`)) return;
    this.diagnostics.push({ code: 'port-not-served', severity: 'warning', subject, message, hint: 'correct the address or the Service', origin: client.origin });
  }

  #isNew(id: string): boolean {
    if (this.#said.has(id)) return false;
    this.#said.add(id);
    return true;
  }
}

// a name nobody has is worth a line only where the text insists that it is an address
function isTelling({ channel, mention: { form, meaning, key } }: Lead['sighting']): boolean {
  if (form === 'url' || form === 'srv') return true;
  if (meaning !== 'address') return false;
  return form !== 'host' || (/env/.test(channel) && /(?:host|hostname|addr|address|url|uri|endpoint|server|servers|brokers)$/i.test(key));
}

function evidenceOf(sighting: Lead['sighting'], text: string): Evidence {
  return { kind: 'declared', source: sighting.channel, where: sighting.where, text };
}

function draftsOf(client: Workload, { sighting }: Lead, target: Target, tier: 'strong' | 'weak', why: string | undefined): readonly Draft[] {
  const base = mentionConfidence(sighting.channel, sighting.mention) * (tier === 'weak' ? WEAK : 1);
  const suffix = why === undefined ? '' : ` (weak: ${why})`;
  switch (target.kind) {
    case 'kube-apiserver':
      return [{ from: client.ref, to: 'kube-apiserver', port: target.port, protocol: 'TCP', application: 'https', tier, confidence: base, evidence: evidenceOf(sighting, `${sighting.place} names the API server${suffix}`) }];
    case 'external':
      return target.ports.map((port) => draft({ from: client.ref, to: 'internet', host: target.host, tier, confidence: base, evidence: evidenceOf(sighting, `${sighting.place} names ${target.host}${portText(port)}${suffix}`) }, port));
    case 'workload': {
      const { workload, service } = target;
      const name = service === undefined ? workload.ref.name : `${service.type === 'Compose' ? '' : 'Service '}${service.namespace}/${service.name}`;
      const confidence = base * groundFactor(target.ground);
      return target.ports.map((port) => draft({ from: client.ref, to: workload.ref, tier, confidence, evidence: evidenceOf(sighting, `${sighting.place} names ${name}, which leads to ${formatRef(workload)}${portText(port)}${suffix}`), ...(target.ground === 'all' || target.ground === 'none' ? { portGuess: 'any' as const } : {}), ...(target.isPortGuess === true ? { isPortGuessed: true } : {}) }, port));
    }
  }
}

function draft(base: Omit<Draft, 'port' | 'protocol'>, { port, protocol, application }: ChosenPort): Draft {
  return { ...base, port, protocol, ...(application === undefined ? {} : { application }) };
}

function portText({ port, protocol }: ChosenPort): string {
  return port === null ? '' : ` port ${String(port)}/${protocol}`;
}

function formatRef({ ref }: Workload): string {
  return `${ref.kind} ${ref.namespace}/${ref.name}`;
}
