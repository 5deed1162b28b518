/** Whether weights, guarantees and limits of roles go together, before any of them is set. */
import type { Quota, RoleSpec } from '../model/allocation.ts';
import type { Reason } from '../model/cluster.ts';
import { type Amounts, type ResourceName, resourceNames } from './capacity.ts';
import { amount, words } from './refusal.ts';

/**
 * Every fault of `roles`, each with the role and the field; undefined if there is none. `cluster`: what all nodes have
 * together. A guarantee is within the limits of its role and of those above it, alone and with those beside it; all of them
 * together are within the cluster.
 */
export function quotaFaults(roles: readonly RoleSpec[], cluster: Amounts): Reason | undefined {
  const children = [
    ...twice(roles),
    ...roles.flatMap((role) => pastLimit(role, roles)),
    ...pastCluster(roles, cluster),
  ];
  if (children.length === 0) return undefined;
  return { ok: false, text: "the roles can't have these quotas", children };
}

function twice(roles: readonly RoleSpec[]): Reason[] {
  const names = roles.map(({ role }) => role);
  const again = new Set(names.filter((name, index) => names.indexOf(name) < index));
  return [...again].map((name) => fault(name, 'role', 'is there twice: give each role once'));
}

function pastLimit({ role, limit }: RoleSpec, roles: readonly RoleSpec[]): Reason[] {
  return resourceNames.flatMap((name) => {
    const most = limit[name];
    const guaranteed = guaranteedTo(role, roles, name);
    if (most === undefined || guaranteed <= most) return [];
    const text = `is ${amount(name, most)}, but ${amount(name, guaranteed)} ${words[name]} are guaranteed to it and those below it`;
    return [fault(role, `limit.${name}`, `${text}: ${amount(name, guaranteed)} or more, or no limit`)];
  });
}

function pastCluster(roles: readonly RoleSpec[], cluster: Amounts): Reason[] {
  const tops = new Set(roles.map(({ role }) => role.split('/')[0]!));
  return resourceNames.flatMap((name) => {
    const guaranteed = [...tops].reduce((sum, top) => sum + guaranteedTo(top, roles, name), 0);
    if (guaranteed <= cluster[name]) return [];
    const text = `${amount(name, guaranteed)} ${words[name]} are guaranteed in all`;
    const holders = roles.filter(({ guarantee }) => (guarantee[name] ?? 0) > 0).map(({ role }) => role);
    return [fault(holders.join(', '), `guarantee.${name}`, `${text}, the cluster has ${amount(name, cluster[name])}`)];
  });
}

/** To the role and those below it: its own guarantee, or what those below it have if that is more. */
function guaranteedTo(role: string, roles: readonly RoleSpec[], name: ResourceName): number {
  const own = roles.find((each) => each.role === role)?.guarantee ?? ({} as Quota);
  const next = roles.flatMap((each) => {
    const rest = each.role.startsWith(`${role}/`) ? each.role.slice(role.length + 1).split('/')[0]! : undefined;
    return rest === undefined ? [] : [`${role}/${rest}`];
  });
  const below = [...new Set(next)].reduce((sum, child) => sum + guaranteedTo(child, roles, name), 0);
  return Math.max(own[name] ?? 0, below);
}

function fault(role: string, field: string, text: string): Reason {
  return { ok: false, text: `${role}: ${field} ${text}`, children: [] };
}
