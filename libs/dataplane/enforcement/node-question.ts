import { createTracer, type NodeBundle, packet, renderRuleset, type TracePacket } from '#compilers/nftables';
import { type Address, isProtocol, parseAddress, type Protocol } from '#model';

import type { NodeLayout } from './node-state.ts';
import { isChainOf } from './node-view.ts';

/** One end of a question: a pod of this node by its name, an address, or the node itself. */
export type QuestionEnd = string;

export interface NodeQuestion {
  readonly from: QuestionEnd;
  readonly to: QuestionEnd;
  /** `5432/TCP`, `5432` (TCP), `ICMP`. */
  readonly port: string;
}

/** What the ruleset of this node does to the first packet of one connection. */
export interface NodeAnswer {
  readonly from: { readonly address: string; readonly pod?: string };
  readonly to: { readonly address: string; readonly pod?: string };
  readonly port: number;
  readonly protocol: Protocol;
  readonly hook: TracePacket['hook'];
  readonly verdict: 'accept' | 'drop';
  /** The rules of policies that let it pass or refused it, of egress first. */
  readonly rules: readonly { readonly number: number; readonly policy: string; readonly rule: string }[];
  /** The last word, where no rule of a policy had it. */
  readonly decidedBy: string;
  readonly path: readonly { readonly chain: string; readonly text: string; readonly comment: string }[];
}

export type NodeAnswers = { readonly kind: 'answers'; readonly answers: readonly NodeAnswer[] } | { readonly kind: 'problem'; readonly why: string };

/** What the kernel holds. */
export interface Enforced {
  readonly bundle: NodeBundle;
  readonly generation: number;
  readonly layout: NodeLayout;
}

const NODE = 'node';

/**
 * Says which rule of a loaded ruleset lets a connection pass, or what drops it, in each family both
 * ends have; no packet is sent.
 *
 * `node` stands for the node itself: the connection is then looked at on its way into or out of it.
 */
export function answerQuestion({ bundle, generation, layout }: Enforced, question: NodeQuestion): NodeAnswers {
  const about = readPort(question.port);
  if (about === undefined) return problem(`${question.port}: give a port and protocol, such as 5432/TCP, 53/UDP or ICMP`);
  if (question.from === NODE && question.to === NODE) return problem('what the node says to itself passes no rule');
  const from = endsCalled(question.from, bundle);
  const to = endsCalled(question.to, bundle);
  if (from === undefined) return problem(`${question.from} is no pod of this node and no address`);
  if (to === undefined) return problem(`${question.to} is no pod of this node and no address`);
  const hook = question.from === NODE ? 'output' : question.to === NODE ? 'input' : 'forward';
  const tracer = createTracer(renderRuleset(bundle, generation, layout));
  const answers: NodeAnswer[] = [];
  for (const source of from) {
    for (const destination of to) {
      if (source.family !== destination.family) continue;
      const traced = tracer.trace(packet({ hook, source, destination, protocol: about.protocol, destinationPort: about.port }));
      answers.push({
        from: described(source, bundle),
        to: described(destination, bundle),
        ...about,
        hook,
        verdict: traced.verdict,
        rules: traced.rules.map(({ number, policy, rule }) => ({ number, policy, rule })),
        decidedBy: traced.rule === undefined ? decision(bundle, traced.verdict, traced.path) : `${traced.rule.policy} ${traced.rule.rule}`,
        path: traced.path.map(({ chain, text, comment }) => ({ chain, text, comment })),
      });
    }
  }
  return answers.length === 0 ? problem(`${question.from} and ${question.to} have no addresses of one family`) : { kind: 'answers', answers };
}

function decision({ profiles }: NodeBundle, verdict: NodeAnswer['verdict'], path: NodeAnswer['path']): string {
  const last = path.at(-1);
  if (last === undefined) return 'no rule looks at it';
  // where a profile ends: nothing in it let the packet pass
  const end = path.findLast(({ chain }) => profiles.some(({ name }) => chain === `${name}_d`));
  const profile = profiles.find(({ name }) => end?.chain === `${name}_d` || (verdict === 'drop' && isChainOf(name, last.chain)));
  if (profile !== undefined && last.comment === '') {
    const closed = `${profile.direction} is closed by ${profile.isolatedBy.join(', ')}, and no rule lets it pass`;
    return verdict === 'drop' ? closed : `audit only, or it would be dropped: ${closed}`;
  }
  if (verdict === 'drop') return last.comment === '' ? `${last.chain}: ${last.text}` : last.comment;
  return path.findLast(({ comment }) => comment !== '')?.comment ?? 'nothing closes it';
}

function endsCalled(name: string, { pods }: NodeBundle): readonly Address[] | undefined {
  // any address that is no pod's stands for the node: its rules ask where a packet comes from, not what it says
  if (name === NODE) return ['192.0.2.1', '2001:db8::1'].map((text) => parseAddress(text)).filter((each) => each !== undefined);
  const entry = pods.find(({ pod }) => pod === name);
  if (entry !== undefined) return entry.addresses;
  const address = parseAddress(name);
  return address === undefined ? undefined : [address];
}

function described({ text }: Address, { pods }: NodeBundle): NodeAnswer['from'] {
  const holder = pods.find(({ addresses }) => addresses.some((each) => each.text === text));
  return { address: text, ...(holder === undefined ? {} : { pod: holder.pod }) };
}

function readPort(text: string): { readonly port: number; readonly protocol: Protocol } | undefined {
  if (text.toUpperCase() === 'ICMP') return { port: 0, protocol: 'ICMP' };
  const [number = '', protocol = 'TCP', ...rest] = text.toUpperCase().split('/');
  const port = /^[0-9]{1,5}$/.test(number) ? Number(number) : 0;
  if (rest.length > 0 || port < 1 || port > 65_535 || !isProtocol(protocol) || protocol === 'ICMP') return undefined;
  return { port, protocol };
}

function problem(why: string): NodeAnswers {
  return { kind: 'problem', why };
}
