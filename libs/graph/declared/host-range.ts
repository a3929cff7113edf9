const RANGE = /\{(\d{1,5})\.{2,3}(\d{1,5})\}/;
const EVERY_RANGE = new RegExp(RANGE, 'g');
const MOST_HOSTS = 64;
// longer texts are no address, and would be written out many times over
const MOST_LENGTH = 2000;

/**
 * Writes out a range of numbers in an address, as `http://store{1...4}/data{1...2}`: one text for
 * each number of the first range, which is the host's; of the others, which are paths, the first number.
 */
export function withoutRanges(text: string): readonly string[] {
  const range = text.length <= MOST_LENGTH && text.includes('{') ? RANGE.exec(text) : null;
  if (range === null) return [text];
  const [whole, first = '', last = ''] = range;
  const count = Number(last) - Number(first) + 1;
  if (count < 1 || count > MOST_HOSTS) return [text];
  return Array.from({ length: count }, (_, index) => {
    const number = String(Number(first) + index).padStart(first.startsWith('0') ? first.length : 1, '0');
    return text.replaceAll(whole, number).replace(EVERY_RANGE, '$1');
  });
}
