/** A carrier that could not be asked. Says what happened, and nothing of the request. */
export class CarrierUnreachable extends Error {
  readonly code = 'carrier-unreachable';

  /** @param what `ECONNREFUSED`, `HTTP 502`, an error code. */
  constructor(what: string) {
    super(`the carrier could not be asked (${what})`);
    this.name = 'CarrierUnreachable';
  }
}
