import type { Found, RoleSubject } from './found.ts';
import type { Fields, ObjectReading } from './object-reading.ts';

export function readServiceAccount(reading: ObjectReading): Found {
  const { root, manifest, origin } = reading;
  const automountToken = root.flag('automountServiceAccountToken') ?? true;
  return { serviceAccounts: [{ namespace: manifest.namespace, name: manifest.name, automountToken, origin }] };
}

/** A Role or ClusterRole. An aggregated one grants whatever its parts do, so it grants something. */
export function readRole(reading: ObjectReading): Found {
  const { root, manifest } = reading;
  const grantsSomething = root.objects('rules').some((rule) => rule.texts('verbs').length > 0) || root.object('aggregationRule') !== undefined;
  return { roles: [{ kind: manifest.objectKind, namespace: manifest.namespace, name: manifest.name, grantsSomething }] };
}

/** A RoleBinding or ClusterRoleBinding. */
export function readRoleBinding(reading: ObjectReading): Found {
  const { root, manifest, origin } = reading;
  const roleRef = root.object('roleRef');
  const role = roleRef?.text('name');
  const roleKind = roleRef?.text('kind');
  if (role === undefined || (roleKind !== 'Role' && roleKind !== 'ClusterRole')) {
    root.refuse('roleRef', 'names no Role or ClusterRole');
    return {};
  }
  const subjects = root.objects('subjects').flatMap((subject) => readSubject(subject, manifest.namespace));
  return { bindings: [{ name: manifest.name, namespace: manifest.namespace, roleKind, role, subjects, origin }] };
}

const ACCOUNT_USER = /^system:serviceaccount:([^:]+):([^:]+)$/;
const ALL_ACCOUNTS = 'system:serviceaccounts';

/** Service accounts named directly, as a user or as a group; people and nodes are of no interest here. */
function readSubject(subject: Fields, bindingNamespace: string): readonly RoleSubject[] {
  const name = subject.text('name') ?? '';
  switch (subject.text('kind')) {
    case 'ServiceAccount': {
      const namespace = subject.text('namespace') ?? '';
      if (namespace === '' && bindingNamespace === '') {
        subject.reading.say('warning', 'no-namespace', `${subject.path}: a service account has no namespace and is left out`, 'name its namespace; the API server refuses it');
        return [];
      }
      return [{ kind: 'account', namespace: namespace === '' ? bindingNamespace : namespace, name }];
    }
    case 'User': {
      const [, namespace, account] = ACCOUNT_USER.exec(name) ?? [];
      return namespace === undefined || account === undefined ? [] : [{ kind: 'account', namespace, name: account }];
    }
    case 'Group': {
      if (name === ALL_ACCOUNTS) return [{ kind: 'accountsOf', namespace: '*' }];
      return name.startsWith(`${ALL_ACCOUNTS}:`) ? [{ kind: 'accountsOf', namespace: name.slice(ALL_ACCOUNTS.length + 1) }] : [];
    }
    default:
      return [];
  }
}
