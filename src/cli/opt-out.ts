import { undoStops } from '../survey/fieldwork/opt-out.ts';
import type { Installation } from './installation.ts';

/** `huifang opt-out undo RETAILER`: a shop that had said stop told somebody that it may be called again. */
export async function undoOptOut(
  services: Installation,
  retailerId: string,
  out: NodeJS.WritableStream,
): Promise<void> {
  const numbers = await undoStops(services, retailerId, 'cli');
  out.write(`已恢复回访，号码 ${numbers} 个 · may be called again: ${numbers} number(s)\n`);
}
