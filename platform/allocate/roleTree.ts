/**
 * Roles by level: weights, what each holds, guarantees and limits, dominant shares.
 *
 * Dominant share: of all resources the largest part of the cluster that the role and those below it hold (Ghodsi et al.,
 * "Dominant Resource Fairness", NSDI 2011); divided by its weight it is what roles beside each other are compared by.
 */
import type { RoleSpec } from '../model/allocation.ts';
import type { AskEntry } from './books.ts';
import { addTo, askedVector, type Vector, width } from './vectors.ts';

export class Role {
  readonly path: string;
  readonly parent: Role | undefined;
  /** In the order in which they came. */
  readonly order: number;
  readonly children: Role[] = [];
  weight = 1;
  guarantee: Vector | undefined;
  limit: Vector | undefined;
  readonly used: Vector = new Float64Array(width);
  /** What has to stay free for this role and those below it. */
  readonly kept: Vector = new Float64Array(width);
  readonly keptBelow: Vector = new Float64Array(width);
  /** Where asks of the role itself stand beside those of the roles below it. */
  own: Role | undefined;
  /** Whether it or a role above it has a guarantee: if not, what it takes changes nothing of what is kept. */
  promised = false;
  /** Of FairOrder: what it is compared by, and those below it that take part. */
  turnKey = -1;
  readonly turns: Role[] = [];
  /** Of a cycle: its asks that are tried, the last of them next. */
  readonly asks: AskEntry[] = [];

  constructor(path: string, parent: Role | undefined, order: number) {
    this.path = path;
    this.parent = parent;
    this.order = order;
  }

  share(total: Vector): number {
    let most = 0;
    for (let r = 0; r < width; r++) if (total[r]! > 0) most = Math.max(most, this.used[r]! / total[r]!);
    return most;
  }
}

export class RoleTree {
  readonly root = new Role('', undefined, 0);
  readonly byPath = new Map<string, Role>();
  private count = 0;
  private quotas = 0;

  /** Makes the role if it is new, and those above it. */
  get(path: string): Role {
    const known = this.byPath.get(path);
    if (known) return known;
    const cut = path.lastIndexOf('/');
    const role = this.below(cut < 0 ? this.root : this.get(path.slice(0, cut)), path);
    this.byPath.set(path, role);
    return role;
  }

  /** The place of the role's own asks: beside the roles below it, with weight 1. */
  ownOf(path: string): Role {
    const role = this.get(path);
    role.own ??= this.below(role, path);
    return role.own;
  }

  set({ role: path, weight, guarantee, limit }: RoleSpec): void {
    const role = this.get(path);
    if (role.guarantee) this.quotas -= 1;
    role.weight = weight;
    role.guarantee = Object.keys(guarantee).length > 0 ? askedVector(guarantee) : undefined;
    role.limit = Object.keys(limit).length > 0 ? askedVector(limit, Number.POSITIVE_INFINITY) : undefined;
    if (role.guarantee) this.quotas += 1;
    this.keep(role);
    markPromised(role);
  }

  get hasGuarantees(): boolean {
    return this.quotas > 0;
  }

  /** What has to stay free for the guarantees of all roles. */
  get kept(): Vector {
    return this.root.keptBelow;
  }

  /** Adds what a task takes to its role and all above (with -1: gives it back). */
  charge(own: Role, vector: Vector, sign: 1 | -1): void {
    for (let role: Role | undefined = own; role; role = role.parent) addTo(role.used, 0, vector, sign);
    if (own.promised) this.keep(own);
  }

  /** The lowest role on the way up that would hold more than its limit, and the resource; undefined if there is none. */
  overLimit(own: Role, vector: Vector): { readonly role: Role; readonly resource: number } | undefined {
    for (let role: Role | undefined = own; role; role = role.parent) {
      if (role.limit === undefined) continue;
      for (let r = 0; r < width; r++) {
        if (vector[r]! > 0 && role.used[r]! + vector[r]! > role.limit[r]!) return { role, resource: r };
      }
    }
    return undefined;
  }

  /**
   * Whether a role on the way up is promised all of this that its guarantee names. What is kept for roles below it is part of
   * its guarantee, and theirs.
   */
  withinGuarantee(own: Role, vector: Vector): boolean {
    for (let role: Role | undefined = own; role; role = role.parent) {
      const { guarantee, used } = role;
      if (guarantee === undefined) continue;
      let promised = false;
      let within = true;
      for (let r = 0; r < width; r++) {
        if (guarantee[r] === 0 || vector[r] === 0) continue;
        promised = true;
        within &&= used[r]! + role.keptBelow[r]! + vector[r]! <= guarantee[r]!;
      }
      if (promised && within) return true;
    }
    return false;
  }

  private keep(from: Role): void {
    for (let role: Role | undefined = from; role; role = role.parent) {
      for (let r = 0; r < width; r++) {
        const missing = (role.guarantee?.[r] ?? 0) - role.used[r]!;
        const kept = Math.max(0, missing, role.keptBelow[r]!);
        if (role.parent) role.parent.keptBelow[r]! += kept - role.kept[r]!;
        role.kept[r] = kept;
      }
    }
  }

  private below(parent: Role, path: string): Role {
    this.count += 1;
    const role = new Role(path, parent, this.count);
    role.promised = parent.promised;
    parent.children.push(role);
    return role;
  }
}

function markPromised(role: Role): void {
  role.promised = role.guarantee !== undefined || role.parent?.promised === true;
  for (const child of role.children) markPromised(child);
}
