/** A name that nobody else has or knows: 160 random bits. */
export const unguessable = () => crypto.getRandomValues(new Uint32Array(5)).join("-");
