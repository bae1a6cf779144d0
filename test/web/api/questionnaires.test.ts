import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { standardQuestionnaire } from '../../../src/survey/questionnaire/questionnaire.ts';
import { cityManagers, type Field, openField } from '../../support/field.ts';
import { openSite } from '../site.ts';
import { openProgram, type Program } from './program.ts';

/** A questionnaire's life by API: checked, kept as a draft, published for good, compared with the one before. */
let field: Field;
let program: Program;

beforeAll(async () => {
  field = await openField('api-questionnaires', cityManagers(1));
  program = await openProgram(field, openSite(field));
});
afterAll(() => field.close());

const renamed = (id: string) => {
  const standard = structuredClone(standardQuestionnaire());
  const clips = { ...standard.clips, Q2: { ...standard.clips.Q2, en: `${standard.clips.Q2?.en} Please.` } };
  return { ...standard, id, clips };
};

describe('a questionnaire', () => {
  test('is checked without being kept: every fault by its place, or what it amounts to', async () => {
    const { items: _, ...without } = renamed('HF-2');
    const bad = await program.post('/questionnaires/check', { ...without, surprise: 1 });
    expect(bad.status).toBe(400);
    expect(bad.body.faults.length).toBeGreaterThan(1);
    const good = await program.post('/questionnaires/check', renamed('HF-2'));
    expect(good.body).toMatchObject({ id: 'HF-2', seconds: { 'zh-CN': expect.any(Number), en: expect.any(Number) } });
    expect((await program.get('/questionnaires/HF-2')).status).toBe(404);
  });

  test('is kept as a draft, and published as the one that was looked at or not at all', async () => {
    const { status, body: draft } = await program.post('/questionnaires', renamed('HF-2'));
    expect([status, draft.id]).toEqual([201, 'HF-2']);
    const publish = (hash: string) => program.post('/questionnaires/HF-2/publication', { hash });
    const unseen = await publish('0'.repeat(64));
    expect([unseen.status, unseen.body.code]).toEqual([409, 'changed']);
    expect((await program.get('/questionnaires/HF-2')).body.publishedAt).toBeNull();
    expect((await publish(draft.hash)).body).toMatchObject({
      ...{ id: 'HF-2', hash: draft.hash, publishedBy: program.actor, rounds: 0 },
      publishedAt: field.city.clock.now().toISOString(),
    });
    expect((await publish(draft.hash)).body.code).toBe('published');
    const again = await program.post('/questionnaires', renamed('HF-2'));
    expect([again.status, again.body.code]).toEqual([409, 'published']);
  });

  test('is listed, exported as it was given, and compared', async () => {
    const { items } = (await program.get('/questionnaires')).body;
    expect(items.map(({ id }: { id: string }) => id).sort()).toEqual(['HF-1', 'HF-2']);
    expect(JSON.parse((await program.get('/questionnaires/HF-2/document')).text)).toEqual(renamed('HF-2'));
    const { body } = await program.get('/questionnaires/HF-2/comparison?with=HF-1');
    expect(body.comparable).toBe(true);
    const differing = body.items.filter(({ differences }: { differences: object[] }) => differences.length > 0);
    expect(differing).toMatchObject([
      { item: 'Q2', differences: [{ what: 'spoken', where: expect.stringContaining('en') }] },
    ]);
    expect((await program.get('/questionnaires/HF-2/comparison?with=HF-9')).status).toBe(404);
    expect((await program.get('/questionnaires/HF-2/comparison')).body.faults[0].where).toBe('query.with');
  });

  test('that is not there is 404', async () => {
    for (const path of ['', '/document', '/comparison?with=HF-1'])
      expect((await program.get(`/questionnaires/HF-9${path}`)).status).toBe(404);
    expect((await program.post('/questionnaires/HF-9/publication', { hash: 'x' })).status).toBe(404);
  });
});
