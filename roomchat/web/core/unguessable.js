/** A name that nobody can guess: 192 random bits, as the server's own tokens have. Servers take 64 characters. */
export const unguessable = () => crypto.getRandomValues(new BigUint64Array(3)).join("-");
