import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { joinNeighbours } from '../../lib/merge/join-groups.ts';
import type { GroupPlan } from '../../lib/merge/plan.ts';
import type { RowGroup } from '../../lib/parquet/footer.ts';

const KEEP: GroupPlan = { kind: 'keep' };
const DROP: GroupPlan = { kind: 'drop' };
const ENCODE: GroupPlan = { kind: 'encode', removed: new Set([0]), replaced: new Map(), appended: [] };

const groupOf = (rows: number): RowGroup => ({ rows, struct: new Uint8Array(), chunks: [], placeless: true });
const join = (plans: GroupPlan[], rows: number[], rowsPerRowGroup = 10) =>
  joinNeighbours(plans, rows.map(groupOf), rowsPerRowGroup);

describe('row groups that stay', () => {
  it('are joined as far as they fit into one', () => {
    const { groups, fewer } = join([KEEP, KEEP, KEEP, KEEP, KEEP], [4, 6, 3, 9, 1]);
    expect(groups).toEqual([
      { kind: 'join', groups: [0, 1] },
      { kind: 'joined' },
      KEEP,
      { kind: 'join', groups: [3, 4] },
      { kind: 'joined' },
    ]);
    expect(fewer).toBe(2);
  });

  it('are not joined to more than passes through memory with others', () => {
    const large = (rows: number, uncompressedBytes: number): RowGroup => {
      const chunk = { uncompressedBytes } as RowGroup['chunks'][number];
      return { ...groupOf(rows), chunks: [chunk, chunk] };
    };
    const groups = [large(1, 5 << 20), large(1, 2 << 20), large(1, 2 << 20)];
    expect(joinNeighbours([KEEP, KEEP, KEEP], groups, 10)).toEqual({
      groups: [{ kind: 'join', groups: [0, 1] }, { kind: 'joined' }, KEEP],
      fewer: 1,
    });
  });

  it('are joined over one that goes, but not over one that changes', () => {
    const { groups, fewer } = join([KEEP, DROP, KEEP, ENCODE, KEEP], [1, 5, 1, 1, 1]);
    expect(groups).toEqual([{ kind: 'join', groups: [0, 2] }, DROP, { kind: 'joined' }, ENCODE, KEEP]);
    expect(fewer).toBe(1);
  });

  it('stay alone where they are full, or more', () => {
    const plans = [KEEP, KEEP, KEEP];
    expect(join(plans, [10, 25, 10])).toEqual({ groups: plans, fewer: 0 });
  });

  it('whatever there is: all of them once and in order, none joined to more than fits, no two left that would fit', () => {
    const group = fc.tuple(fc.constantFrom(KEEP, KEEP, KEEP, DROP, ENCODE), fc.integer({ min: 1, max: 14 }));
    fc.assert(
      fc.property(fc.array(group, { maxLength: 20 }), (list) => {
        const rows = list.map(([, count]) => count);
        const plans = list.map(([plan]) => plan);
        const { groups, fewer } = join(plans, rows);
        const members = groups.flatMap((plan, i) =>
          plan.kind === 'join' ? [plan.groups] : plan.kind === 'keep' ? [[i]] : [],
        );
        const kept = plans.flatMap((plan, i) => (plan === KEEP ? [i] : []));
        expect(members.flat()).toEqual(kept);
        expect(fewer).toBe(kept.length - members.length);
        expect(groups.filter(({ kind }) => kind === 'drop' || kind === 'encode')).toEqual(
          plans.filter((plan) => plan !== KEEP),
        );
        const total = (of: readonly number[]) => of.reduce((sum, i) => sum + rows[i]!, 0);
        const tooMany = members.filter((joined) => joined.length > 1 && total(joined) > 10);
        const leftApart = members.slice(1).filter(([next], i) => {
          const before = members[i]!;
          const isBroken = plans.slice(before.at(-1)! + 1, next).includes(ENCODE);
          return !isBroken && total(before) + rows[next!]! <= 10;
        });
        expect({ tooMany, leftApart }).toEqual({ tooMany: [], leftApart: [] });
      }),
    );
  });
});
