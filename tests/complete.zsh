# complete.zsh SCRIPT LINE: sources a completion script in an interactive zsh, types LINE and Tab, and prints what zsh offers, one word a line.
emulate -L zsh
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1= PS2= PROMPT_EOL_MARK=; stty -echo; autoload -Uz compinit; compinit -D -u'
# Instead of showing a list: what matches, and a mark at the end.
zpty -w shell 'compadd () {
  if [[ " $* " == *" -"[OAD]" "* ]]; then builtin compadd "$@"; return; fi
  local -a offered
  builtin compadd -A offered "$@"
  local word
  for word in $offered; do print -r -- "OFFERED:$word"; done
  builtin compadd "$@"
}'
zpty -w shell 'finished () { print -r -- "FIN""ISHED" }'
zpty -w shell "source ${(q)1} && bindkey '^I' complete-word && print -r -- RE''ADY"
await() { # MARK [PRINT]: reads until a line with it, and prints what was offered; gives up after 20 s
  local line until=$((SECONDS + 20))
  while ((SECONDS < until)); do
    if zpty -r -t shell line; then
      [[ -n $2 && $line == *OFFERED:* ]] && print -r -- ${${line##*OFFERED:}%%$'\r'*}
      [[ $line == *$1* ]] && return 0
    else
      sleep 0.02
    fi
  done
  print -ru2 -- "no $1 from zsh"
  return 1
}
await READY || exit 1
zpty -w shell 'comppostfuncs=(finished)'
zpty -w -n shell "$2"$'\t'
await FINISHED print || exit 1
zpty -d shell
