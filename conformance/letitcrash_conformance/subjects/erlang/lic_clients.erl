%% Several clients at the same time: each a process of its own, with stamps of one shared counter.
-module(lic_clients).

-export([parse/1, parallel/1]).

-type client() :: [{binary(), #{binary() => lic_json:json()}}].

-spec parallel([client()]) -> lic_ops:answer().
parallel(Clients) ->
    Counter = atomics:new(1, []),
    Running = [spawn_monitor(client(Counter, Operations)) || Operations <- Clients],
    [Pid ! go || {Pid, _} <- Running],
    {ok, [receive {'DOWN', Monitor, process, Pid, {?MODULE, History}} -> History end || {Pid, Monitor} <- Running]}.

-spec parse(lic_json:json()) -> [client()].
parse(Clients) when is_list(Clients) -> [operations(Operations) || Operations <- Clients];
parse(Other) -> lic_parse:bad("a list of clients", Other).

operations(Operations) when is_list(Operations) -> [operation(Operation) || Operation <- Operations];
operations(Other) -> lic_parse:bad("a list of operations", Other).

operation(#{<<"op">> := Op, <<"args">> := Args} = Operation) when is_binary(Op), is_map(Args) ->
    case lists:member(Op, [<<"hello">>, <<"reset">>, <<"observe">>, <<"parallel">>, <<"bye">>]) of
        true -> lic_parse:bad("an operation that may stand in parallel", Operation);
        false -> {Op, Args}
    end;
operation(Other) ->
    lic_parse:bad("an object with an 'op' and its 'args'", Other).

client(Counter, Operations) ->
    fun() ->
        receive go -> ok end,
        exit({?MODULE, [perform(Counter, Op, Args) || {Op, Args} <- Operations]})
    end.

perform(Counter, Op, Args) ->
    Call = atomics:add_get(Counter, 1, 1),
    Answer = lic_requests:perform(Op, Args),
    Return = atomics:add_get(Counter, 1, 1),
    #{<<"call">> => Call, <<"return">> => Return, <<"answer">> => lic_ops:answer_json(Answer)}.
