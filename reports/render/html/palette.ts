/**
 * Colours of everything that we show in a browser, as CSS custom properties, light and dark.
 *
 * Series colours (`--s0` to `--s5`) are Okabe and Ito's, which people with any kind of colour vision tell apart; on dark
 * ground they are lightened. `--h0` to `--h5` is a scale of one hue, in which more is further from the ground. Text
 * colours keep a contrast of 4.5 : 1 on `--bg`, `--panel` and the grounds of their own. Good and bad are never told by
 * colour alone: there is always a sign or a word.
 */
export const PALETTE_STYLE = `
:root{color-scheme:light dark;--bg:#f6f7f8;--panel:#fff;--ink:#171b21;--soft:#57616d;--faint:#636d79;--line:#dde2e7;--grid:#e9edf0;
--s0:#0072b2;--s1:#bd4c00;--s2:#00805c;--s3:#a8558a;--s4:#8a6a00;--s5:#3f6f8f;--h0:#a9cce8;--h1:#74aed6;--h2:#4090c5;--h3:#1f6fb0;--h4:#0f4c8c;--h5:#082f63;
--pass:#0a6b4b;--pass-bg:#e4f4ec;--fail:#a8201a;--fail-bg:#fcebe9;--warn:#7a4f00;--warn-bg:#fdf3dc;--halt:#4a4f63;--halt-bg:#ebecf2;--mark:#9aa3ad}
@media (prefers-color-scheme:dark){:root{--bg:#0f1216;--panel:#171b21;--ink:#e8ebee;--soft:#a3adb8;--faint:#87919c;--line:#2b323a;--grid:#242a31;
--s0:#5ab4f0;--s1:#f08a45;--s2:#35c79c;--s3:#dd93c2;--s4:#e0b73f;--s5:#9fc3da;--h0:#24527a;--h1:#2c6fa6;--h2:#3f8fcd;--h3:#6fb2e6;--h4:#aad4f5;--h5:#eaf6ff;
--pass:#5fd3a3;--pass-bg:#12291f;--fail:#ff9a90;--fail-bg:#321614;--warn:#f0c060;--warn-bg:#2d2310;--halt:#b9bfd4;--halt-bg:#22252f;--mark:#5f6973}}
`
