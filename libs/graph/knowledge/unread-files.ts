import type { Container, Mount } from '#model';

const CONFIGURATION_FILE = /\.(?:ya?ml|json|jsonc|toml|ini|conf|cnf|cfg|config|xml|properties|hcl|alloy|river|lua|env|tmpl|tpl|template)$/i;
const PROGRAM_FILE = /\.(?:sh|py|js|rb|sql|pem|crt|key|sock|db|log|html?|css|so|jar|repo|list)$/i;
// a folder of settings, wherever its image keeps them
const CONFIGURATION_FOLDER = /^\/etc\/[^/]+|\/(?:conf|config|configs|configuration|settings|conf\.d|config\.d)(?:\/|$)/i;
const OF_THE_MACHINE = /^\/(?:proc|sys|dev|run|var\/run|host|rootfs|lib\/modules|etc\/(?:localtime|timezone|passwd|group|shadow|hosts|hostname|resolv\.conf|machine-id|os-release|ssl|pki|ca-certificates|apt|ssh|docker|letsencrypt|nginx\/(?:certs|ssl)|cron[^/]*))(?:\/|$)/i;

/**
 * The first file or folder of settings a Compose service is shown and that could not be read, by
 * its place in the container; certificates, data, scripts and parts of the machine hide no address.
 */
export function unreadFile({ mounts }: Container, isHarmless: (path: string) => boolean): string | undefined {
  return mounts.find((mount) => mount.source.kind === 'other' && mount.source.unread !== undefined && isConfiguration(mount, mount.source.unread) && !isHarmless(`${mount.path} ${mount.source.unread}`))?.path;
}

function isConfiguration({ path }: Mount, unread: string): boolean {
  const target = path.replace(/:.*$/, '').replace(/\/+$/, '');
  if (OF_THE_MACHINE.test(target) || PROGRAM_FILE.test(target)) return false;
  return CONFIGURATION_FILE.test(target) || CONFIGURATION_FILE.test(unread) || CONFIGURATION_FOLDER.test(target);
}
