import { Writable } from 'node:stream';

/** What a command prints, in one piece. */
export async function printed(act: (out: Writable) => Promise<void>): Promise<string> {
  const parts: string[] = [];
  const out = new Writable({
    write(part, _encoding, done) {
      parts.push(String(part));
      done();
    },
  });
  await act(out);
  return parts.join('');
}
