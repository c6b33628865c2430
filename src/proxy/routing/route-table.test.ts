import fc from 'fast-check';
import { expect, it } from 'vitest';
import { awesomerpc } from '../../../codecs/awesomerpc/awesomerpc.ts';
import { Frame } from '../../../codecs/codec.ts';
import { ClusterDirectory } from '../clusters/cluster-directory.ts';
import { planRoutes } from '../config/route-plan.ts';
import { RouteTable } from './route-table.ts';

function select(table: RouteTable, command: number): string | undefined {
  const bytes = Buffer.alloc(13);
  bytes.writeUInt32BE(13, 5);
  bytes.writeInt16BE(command, 9);
  const frame = new Frame();
  awesomerpc.decoder('request').decode(bytes, 0, 13, frame);
  return table.select(bytes, 0, frame)?.name;
}

type Rule = { readonly exact: number } | { readonly prefix: string } | 'all';

function matches(rule: Rule, command: number): boolean {
  if (rule === 'all') return true;
  return 'exact' in rule ? rule.exact === command : String(command).startsWith(rule.prefix);
}

const rules = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: fc.record({ exact: fc.nat(30) }) },
    { weight: 5, arbitrary: fc.record({ prefix: fc.constantFrom('1', '2', '30') }) },
    { weight: 1, arbitrary: fc.constant<'all'>('all') },
  ),
  { maxLength: 40 },
);

it('routes by the first rule that holds, in short tables and in long, indexed ones', () => {
  fc.assert(
    fc.property(rules, (all) => {
      const metadata = (rule: Rule) => {
        if (rule === 'all') return [];
        return [
          'exact' in rule ? { name: 'cmd', exactMatch: String(rule.exact) } : { name: 'cmd', prefixMatch: rule.prefix },
        ];
      };
      const plan = planRoutes({
        routes: all.map((rule, index) => ({
          name: String(index),
          match: { metadata: metadata(rule) },
          route: { cluster: 'c' },
        })),
      });
      const table = new RouteTable(plan, awesomerpc, new ClusterDirectory());
      for (let command = 0; command < 32; command++) {
        const expected = all.findIndex((rule) => matches(rule, command));
        expect(select(table, command)).toBe(expected < 0 ? undefined : String(expected));
      }
    }),
  );
});
