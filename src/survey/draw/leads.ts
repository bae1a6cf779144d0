/**
 * A ticket's first fifteen digits as a number, made without writing the ticket out: a hash's 77 digits cost more than
 * the hash, and of a million tickets hardly two agree in fifteen.
 */
const leadEnd = 1e15;
/** The fifteen digits in blocks of five, so that 32 bytes times their weights stay whole numbers. */
const block = 100_000;
/** 256 to the power of each byte's place in a hash, modulo 10^15, in blocks. */
const weights = Array.from({ length: 32 }, (_, byte) => 256n ** BigInt(31 - byte));
const [last, middle, first] = [1n, BigInt(block), BigInt(block) ** 2n].map((unit) =>
  Int32Array.from(weights, (weight) => Number((weight / unit) % BigInt(block))),
);
/** Five digits read backwards: 12 is 00012, which is 21000. */
const backwards = new Int32Array(block);
for (let digits = 0; digits < block; digits += 1)
  backwards[digits] = (digits % 10) * 10_000 + (backwards[Math.floor(digits / 10)] ?? 0) / 10;

/** The first fifteen digits of a ticket, which are the last of its hash's number, backwards. */
export function leadOf(bytes: string): number {
  let [ones, fives, tens] = [0, 0, 0];
  for (let byte = 0; byte < 32; byte += 1) {
    const value = bytes.charCodeAt(byte);
    ones += value * (last?.[byte] ?? 0);
    fives += value * (middle?.[byte] ?? 0);
    tens += value * (first?.[byte] ?? 0);
  }
  fives += Math.floor(ones / block);
  tens += Math.floor(fives / block);
  const [a = 0, b = 0, c = 0] = [backwards[ones % block], backwards[fives % block], backwards[tens % block]];
  return (a * block + b) * block + c;
}

/** Hashes are spread evenly, so a number says by its size about which place is its own: every index into its slot. */
export function nearlySorted(leads: Float64Array): Uint32Array {
  const slots = leads.length;
  const slotOf = (lead: number): number => Math.floor((lead / leadEnd) * slots);
  const next = new Uint32Array(slots + 1);
  for (const lead of leads) next[slotOf(lead) + 1] = (next[slotOf(lead) + 1] ?? 0) + 1;
  for (let slot = 1; slot < slots; slot += 1) next[slot] = (next[slot] ?? 0) + (next[slot - 1] ?? 0);
  const places = new Uint32Array(slots);
  for (const [index, lead] of leads.entries()) {
    const place = next[slotOf(lead)] ?? 0;
    next[slotOf(lead)] = place + 1;
    places[place] = index;
  }
  return places;
}
