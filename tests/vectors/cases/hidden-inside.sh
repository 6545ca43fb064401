# shellcheck shell=bash
# Attack A16: text that CSS hides is inside the signature and goes on with it; nothing renders or quotes it.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
printf 'Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n<style>.n{display:none}</style><p>Yes.</p><p class="n">%s</p>\r\n' "$CASE" |
    clear_signed alice | post
