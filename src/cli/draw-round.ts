import canonicalize from 'canonicalize';
import { Refused } from '../platform/errors.ts';
import { readDrawBundle } from '../survey/round/bundle.ts';
import { commitNonce, handInNonce } from '../survey/round/hand-in.ts';
import type { RoundServices } from '../survey/round/launch.ts';
import { readPublicBundle } from '../survey/round/public-bundle.ts';
import { inThisInstallation } from './installation.ts';

/** `huifang draw commit ROUND COMMITMENT --holder USER`: for a holder who has no browser at hand. */
export const drawCommit = (roundId: string, commitment: string, holder: string, out: NodeJS.WritableStream) =>
  inThisInstallation(async (services) => {
    const complete = await commitNonce(
      services,
      { roundId, actor: 'cli' },
      await holderCalled(services, roundId, holder),
      commitment,
    );
    out.write(
      complete
        ? '指纹已齐，抽样框即将冻结 · all commitments are in, the frame will be frozen\n'
        : '已记下，还有人没有交 · taken; others are still missing\n',
    );
  });

/** `huifang draw hand-in ROUND`: the nonce on standard input, so that it stays out of the shell's history. */
export const drawHandIn = (roundId: string, nonce: string, out: NodeJS.WritableStream) =>
  inThisInstallation(async (services) => {
    await handInNonce(services, { roundId, actor: 'cli' }, nonce);
    out.write('与指纹相符，已封存 · it fits its commitment and is sealed\n');
  });

/** `huifang draw export ROUND [--public]`: one of the draw's two bundles, as JSON. */
export const drawExport = (roundId: string, isPublic: boolean, out: NodeJS.WritableStream) =>
  inThisInstallation(async (services) => {
    const bundle = await (isPublic ? readPublicBundle : readDrawBundle)(services, roundId);
    out.write(`${canonicalize(bundle)}\n`);
  });

/** A holder by his id or by his name. */
async function holderCalled({ database }: RoundServices, roundId: string, called: string): Promise<string> {
  const found = await database.query<{ holder: string }>({
    text: 'SELECT holder FROM nonce WHERE round_id = $1 AND $2 IN (holder, holder_name)',
    values: [roundId, called],
  });
  const [only] = found;
  if (only && found.length === 1) return only.holder;
  throw new Refused(
    'not-a-holder',
    `${called} 不是轮次 ${roundId} 唯一的保管人 · ${called} is not the one holder of that name in round ${roundId}`,
  );
}
