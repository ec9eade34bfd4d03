/** A name that nobody can guess: 192 random bits, as the server's own tokens have. */
export const unguessable = () => crypto.getRandomValues(new Uint32Array(6)).join("-");
