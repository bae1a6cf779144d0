/** What a cell says, or what is wrong with it and would mend it (Chinese first, then English). */
export type Reading<T> = { readonly value: T } | { readonly fault: string };
