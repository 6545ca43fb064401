# shellcheck shell=bash
# Attack A16: HTML of another's whose CSS hides all but the signed text behind it: the whole is not signed.
# expect status none
# expect auth_method smtp
# expect reasons not_whole_message
# expect layers
mark=$(boundary)
{ printf 'Content-Type: multipart/mixed; boundary="%s"\r\n\r\n--%s\r\nContent-Type: text/html\r\n\r\n<style>*{display:none}</style><p style="display:block">Pay Eve.</p><!--\r\n--%s\r\n' \
    "$mark" "$mark" "$mark"
  text | clear_signed alice
  printf '\r\n--%s--\r\n' "$mark"; } | post
