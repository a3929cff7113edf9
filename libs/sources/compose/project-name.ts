/** A project name as Compose makes it: lower case, only letters, digits, `-` and `_`, starting with a letter or digit. */
export function normaliseProjectName(text: string): string {
  return text
    .slice(0, 1_000)
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '')
    .slice(0, 253);
}

const SERVICE_NAME = /^[A-Za-z0-9._-]{1,253}$/;

/** Whether Compose takes this as a service name; DNS ends at 253 characters. */
export function isServiceName(text: string): boolean {
  return SERVICE_NAME.test(text);
}
