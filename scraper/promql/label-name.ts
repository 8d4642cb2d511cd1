/** Whether a text can name a label: any well-formed UTF-8. An escape that is none was read as U+FFFD. */
export function isLabelName(text: string): boolean {
  return text !== '' && !/[\uFFFD\p{Surrogate}]/u.test(text)
}
