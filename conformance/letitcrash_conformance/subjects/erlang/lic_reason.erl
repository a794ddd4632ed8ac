%% Exit reasons, from the wire to Erlang terms and back.
-module(lic_reason).

-export([parse/1, to_json/1, failure/2, format/1]).

-define(LONGEST, 300).

%% The Erlang term for a reason of a request.
-spec parse(lic_json:json()) -> term().
parse(<<"normal">>) -> normal;
parse(<<"shutdown">>) -> shutdown;
parse(<<"kill">>) -> kill;
parse(<<"killed">>) -> killed;
parse(<<"noproc">>) -> noproc;
parse(#{<<"shutdown">> := Text} = R) when map_size(R) =:= 1, is_binary(Text) -> {shutdown, Text};
parse(#{<<"error">> := Text} = R) when map_size(R) =:= 1, is_binary(Text) -> {lic_error, Text};
parse(Other) -> lic_parse:bad("a reason (\"normal\", \"shutdown\", \"kill\", \"killed\", \"noproc\", "
                              "{\"shutdown\": text} or {\"error\": text})", Other).

%% The reason on the wire for any exit reason. A crash of a probe carries its text.
-spec to_json(term()) -> lic_json:json().
to_json(normal) -> <<"normal">>;
to_json(shutdown) -> <<"shutdown">>;
to_json(kill) -> <<"kill">>;
to_json(killed) -> <<"killed">>;
to_json(noproc) -> <<"noproc">>;
to_json({shutdown, Text}) when is_binary(Text) -> #{<<"shutdown">> => Text};
to_json({shutdown, Term}) -> #{<<"shutdown">> => format(Term)};
to_json({lic_error, Text}) -> #{<<"error">> => Text};
to_json({{lic_crash, Text}, Stack}) when is_list(Stack) -> #{<<"error">> => Text};
%% A RuntimeError of Elixir's carries its text as well.
to_json({#{'__struct__' := 'Elixir.RuntimeError', message := Text}, Stack}) when is_list(Stack) -> #{<<"error">> => Text};
to_json(Term) -> #{<<"error">> => format(Term)}.

%% A failure that carries this reason.
-spec failure(binary(), term()) -> lic_ops:answer().
failure(Kind, Reason) -> {fail, Kind, #{<<"reason">> => to_json(Reason)}}.

%% A short text for any term.
-spec format(term()) -> binary().
format(Term) ->
    unicode:characters_to_binary(io_lib:format("~0tp", [Term], [{chars_limit, ?LONGEST}])).
