/** A sorted list with one more, cut to the smallest so many: whichever order they come in, the same are kept. The same list where nothing changed. */
export function keepSmallest<T extends string | number>(list: readonly T[], item: T, most: number): readonly T[] {
  // nearly always it is there, or too large for a full list
  const last = list[list.length - 1];
  if (last === item || list.includes(item)) return list;
  if (list.length >= most && last !== undefined && item > last) return list;
  // spreading leaves room to grow in what is kept by the hundred thousand; concat and slice do not
  const next = list.length < most ? list.concat([item]) : list.slice();
  let at = next.length - 1;
  for (let before = next[at - 1]; at > 0 && before !== undefined && before > item; before = next[at - 1]) {
    next[at] = before;
    at -= 1;
  }
  next[at] = item;
  return next;
}
