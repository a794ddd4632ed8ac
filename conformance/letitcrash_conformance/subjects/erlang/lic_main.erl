%% Entry point: reads requests from standard input and starts the other processes of the harness.
%%
%%   lic_main    owns standard input, hands lines to the driver whenever it asks for more
%%   lic_driver  the one client process: serves the requests in order
%%   lic_log     the event log of the world; monitors every process of the world from its birth
%%   lic_writer  the only process that writes to standard output
%%
%% Nobody reads a process of the world for them: they are never linked to one. If one of the four dies,
%% the harness is broken and the virtual machine ends.
-module(lic_main).

-export([start/0, next_lines/0, complain/2]).

-define(MAX_LINE, 1048576).
%% Requests that were already read when standard input ended have this long to be served.
-define(LAST_MS, 4000).

-record(input, {port, rest = [], size = 0, skipping = false, ready = [], eof = false, asker = none}).

-spec start() -> ok.
start() ->
    Parent = self(),
    Main = spawn(fun() -> init(Parent) end),
    receive {Main, ready} -> ok end.

%% The next lines of standard input, at least one, or `eof'. A line is a binary without its end,
%% or `too_long'. Called by the driver only.
-spec next_lines() -> [binary() | too_long] | eof.
next_lines() ->
    ?MODULE ! {next_lines, self()},
    receive {?MODULE, Lines} -> Lines end.

%% Prints one line to standard error.
-spec complain(io:format(), [term()]) -> ok.
complain(Format, Args) ->
    io:format(standard_error, "letitcrash erlang harness: " ++ Format ++ "~n", Args).

init(Parent) ->
    process_flag(trap_exit, true),
    register(?MODULE, self()),
    %% A probe that had to wait for the code server would look busy.
    ok = code:ensure_modules_loaded([lic_admin, lic_clients, lic_driver, lic_hello, lic_json, lic_log, lic_ops,
                                     lic_parse, lic_probe, lic_reason, lic_requests, lic_settle, lic_spec, lic_sup,
                                     lic_world, lic_writer | lic_hello:modules()]),
    ok = timer:start(),
    ok = lic_world:create(),
    ok = lic_settle:calibrate(),
    lists:foreach(fun(Module) -> Module:start_link() end, [lic_writer, lic_log, lic_driver]),
    Port = open_port({fd, 0, 0}, [in, binary, stream, eof]),
    Parent ! {self(), ready},
    loop(#input{port = Port}).

loop(#input{port = Port} = Input) ->
    receive
        {Port, {data, Data}} ->
            loop(answer(take(Data, Input)));
        {Port, eof} ->
            erlang:send_after(?LAST_MS, self(), last_call_over),
            loop(answer(Input#input{eof = true}));
        {next_lines, Asker} ->
            loop(answer(Input#input{asker = Asker}));
        last_call_over ->
            halt(0, [{flush, false}]);
        {'EXIT', Port, Reason} ->
            complain("standard input broke: ~0p", [Reason]),
            halt(1);
        {'EXIT', _Pid, Reason} ->
            complain("a process of the harness died, please report this: ~0p", [Reason]),
            halt(1)
    end.

answer(#input{asker = none} = Input) ->
    Input;
answer(#input{ready = [], eof = false} = Input) ->
    Input;
answer(#input{ready = [], eof = true, asker = Asker} = Input) ->
    Asker ! {?MODULE, eof},
    Input#input{asker = none};
answer(#input{ready = Ready, asker = Asker} = Input) ->
    Asker ! {?MODULE, lists:append(lists:reverse(Ready))},
    Input#input{ready = [], asker = none}.

%% Cuts a chunk into lines. `rest' is the begun line, latest piece first; `ready' the batches of lines, latest first.
take(Data, Input) ->
    case binary:split(Data, <<"\n">>, [global]) of
        [_] -> keep(Data, Input);
        [First | Others] ->
            {Lines, [Last]} = lists:split(length(Others) - 1, Others),
            Begun = finish(keep(First, Input)),
            keep(Last, Input#input{rest = [], size = 0, skipping = false,
                                   ready = [[Begun | Lines] | Input#input.ready]})
    end.

keep(<<>>, Input) -> Input;
keep(_, #input{skipping = true} = Input) -> Input;
keep(Data, #input{rest = Rest, size = Size} = Input) ->
    case Size + byte_size(Data) of
        Total when Total > ?MAX_LINE -> Input#input{rest = [], size = 0, skipping = true};
        Total -> Input#input{rest = [Data | Rest], size = Total}
    end.

finish(#input{skipping = true}) -> too_long;
finish(#input{rest = [Line]}) -> Line;
finish(#input{rest = Rest}) -> iolist_to_binary(lists:reverse(Rest)).
