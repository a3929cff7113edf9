/*
 * Addresses as the kernel holds them, read straight out of a larger text into a larger buffer.
 * A cold start reads a hundred thousand of them; the general parser takes ten times as long.
 */

const DOT = 46;
const COLON = 58;

/** Writes the dotted quad between two places of a text; false, with nothing promised about `into`, where it is none. */
export function writeIpv4(text: string, from: number, to: number, into: Uint8Array, at: number): boolean {
  let part = -1;
  let parts = 0;
  for (let place = from; place <= to; place += 1) {
    const code = place === to ? DOT : text.charCodeAt(place);
    if (code === DOT) {
      if (part < 0 || parts === 4) return false;
      into[at + parts] = part;
      parts += 1;
      part = -1;
    } else {
      // a leading zero could mean octal
      if (code < 48 || code > 57 || part === 0) return false;
      part = (part < 0 ? 0 : part) * 10 + code - 48;
      if (part > 255) return false;
    }
  }
  return parts === 4;
}

/** Writes the IPv6 address between two places of a text, with or without `::`, its last part possibly a dotted quad. */
export function writeIpv6(text: string, from: number, to: number, into: Uint8Array, at: number): boolean {
  let written = 0;
  let gap = -1;
  let place = from;
  if (text.charCodeAt(place) === COLON) {
    if (text.charCodeAt(place + 1) !== COLON || place + 2 > to) return false;
    gap = 0;
    place += 2;
  }
  while (place < to) {
    const end = groupEnd(text, place, to);
    if (text.charCodeAt(end) === DOT && end < to) {
      if (written > 12 || !writeIpv4(text, place, to, into, at + written)) return false;
      written += 4;
      break;
    }
    if (written > 14 || !writeGroup(text, place, end, into, at + written)) return false;
    written += 2;
    place = end;
    if (place === to) break;
    place += 1;
    if (place < to && text.charCodeAt(place) === COLON) {
      if (gap >= 0) return false;
      gap = written;
      place += 1;
    } else if (place === to) return false;
  }
  return closeGap(into, at, written, gap);
}

function groupEnd(text: string, from: number, to: number): number {
  let end = from;
  while (end < to && text.charCodeAt(end) !== COLON && text.charCodeAt(end) !== DOT) end += 1;
  return end;
}

function writeGroup(text: string, from: number, to: number, into: Uint8Array, at: number): boolean {
  if (to === from || to - from > 4) return false;
  let value = 0;
  for (let place = from; place < to; place += 1) {
    const digit = hexDigit(text.charCodeAt(place));
    if (digit < 0) return false;
    value = value * 16 + digit;
  }
  into[at] = value >> 8;
  into[at + 1] = value & 255;
  return true;
}

function closeGap(into: Uint8Array, at: number, written: number, gap: number): boolean {
  if (gap < 0) return written === 16;
  if (written > 14) return false;
  into.copyWithin(at + 16 - (written - gap), at + gap, at + written);
  into.fill(0, at + gap, at + 16 - (written - gap));
  return true;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
