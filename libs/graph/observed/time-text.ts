const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

/** `2026-01-31 12:05 UTC`, for sentences. Days by the civil calendar (Gregorian, proleptic), counted from 1 March 0000. */
export function timeText(ms: number): string {
  const minutes = Math.floor(ms / MINUTE_MS);
  const days = Math.floor(minutes / DAY_MINUTES) + 719_468;
  const era = Math.floor(days / 146_097);
  const ofEra = days - era * 146_097;
  const years = Math.floor((ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365);
  const ofYear = ofEra - (365 * years + Math.floor(years / 4) - Math.floor(years / 100));
  const shifted = Math.floor((5 * ofYear + 2) / 153);
  const day = ofYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = years + era * 400 + (month <= 2 ? 1 : 0);
  const minute = ((minutes % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES;
  return `${String(year)}-${two(month)}-${two(day)} ${two(Math.floor(minute / 60))}:${two(minute % 60)} UTC`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
