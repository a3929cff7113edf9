import type { Terminal } from '../terminal.ts';

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string | undefined;
}

const LONGEST_PAGE = 500;

/** Reads a list page by page, up to `most` items; says whether there is more. */
export async function allPages<Item>(most: number, terminal: Terminal, read: (page: { readonly limit: number; readonly cursor?: string }) => Promise<Page<Item>>): Promise<{ readonly items: readonly Item[]; readonly hasMore: boolean }> {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await read({ limit: Math.min(LONGEST_PAGE, most - items.length), ...(cursor === undefined ? {} : { cursor }) });
    items.push(...page.items);
    cursor = page.next;
    if (cursor !== undefined) terminal.progress(`${String(items.length)} read`);
  } while (cursor !== undefined && items.length < most);
  terminal.progress('');
  return { items, hasMore: cursor !== undefined };
}
