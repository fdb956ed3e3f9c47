/** What a token is made of, as people read it. Tokens go into addresses and protocol names. */
export const TOKEN_FORM = "16 to 200 letters, digits, dashes and underscores";

/** Whether a text is of that form. */
export function isToken(text: string): boolean {
  return /^[\w-]{16,200}$/.test(text);
}
