#!/bin/sh
# A server and three clients in four panes of tmux. Leave with Ctrl-b d (it goes on) or Ctrl-b & (it ends).
set -eu

BIN=${BIN:-.venv/bin} PORT=${PORT:-5050} SESSION=${SESSION:-roomchat}

if ! command -v tmux >/dev/null; then
  echo "This demo needs tmux, which is not installed (Debian: apt install tmux; macOS: brew install tmux)."
  echo "\`make demo\` shows a conversation without it."
  exit 1
fi

if ! tmux has-session -t "=$SESSION" 2>/dev/null; then
  # The sessions of ann, bob and cleo are this demo's, not the person's.
  client="sleep 1; XDG_STATE_HOME=$(mktemp -d) $BIN/roomchat join localhost:$PORT --name"
  tmux new-session -d -s "$SESSION" -x 160 -y 48 "$BIN/roomchat serve --port $PORT --db :memory: --debug 1"
  tmux set-option -t "$SESSION" remain-on-exit on # so that one can read why a program has ended
  tmux split-window -t "$SESSION" -h "$client ann"
  tmux split-window -t "$SESSION" -v "$client bob"
  tmux select-pane -t "$SESSION".0
  tmux split-window -t "$SESSION" -v "$client cleo"
  tmux select-pane -t "$SESSION".1
fi

[ -n "${DETACHED:-}" ] || exec tmux attach -t "=$SESSION"
echo "Running; see it with: tmux attach -t $SESSION"
