/** A sorted list with one more, cut to the smallest so many: whichever order they come in, the same are kept. The same list where nothing changed. */
export function keepSmallest<T extends string | number>(list: readonly T[], item: T, most: number): readonly T[] {
  let at = list.length;
  for (let index = 0; index < list.length; index += 1) {
    const each = list[index];
    if (each === item) return list;
    if (each !== undefined && each > item) {
      at = index;
      break;
    }
  }
  if (at >= most) return list;
  return [...list.slice(0, at), item, ...list.slice(at, most - 1)];
}
