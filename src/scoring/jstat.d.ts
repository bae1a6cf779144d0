/** What we use of jstat, which brings no types. */
declare module 'jstat' {
  const jStat: {
    readonly studentt: {
      /** The value that Student's t with `freedom` degrees of freedom exceeds with the probability 1 − `probability`. */
      inv(probability: number, freedom: number): number;
    };
  };
  export default jStat;
}
