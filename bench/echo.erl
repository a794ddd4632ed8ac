%% The floor of the wire: gives back every line it reads, and understands none.
-module(echo).
-export([main/0]).

main() ->
    Port = open_port({fd, 0, 1}, [binary, stream, eof]),
    loop(Port).

loop(Port) ->
    receive
        {Port, {data, Data}} -> port_command(Port, Data), loop(Port);
        {Port, eof} -> halt(0)
    end.
