%% The one client of the session: serves the requests in order.
-module(lic_driver).

-export([start_link/0]).

-define(MAX_LINE, 1048576).

-spec start_link() -> pid().
start_link() ->
    spawn_link(fun() ->
                       register(?MODULE, self()),
                       group_leader(whereis(lic_log), self()),
                       loop()
               end).

loop() ->
    case lic_main:next_lines() of
        eof -> lic_writer:finish();
        Lines ->
            lists:foreach(fun serve/1, Lines),
            loop()
    end.

serve(too_long) ->
    write(null, {error, <<"expected a line of at most 1048576 bytes, got a longer one">>});
serve(Line) ->
    case lic_json:decode(Line) of
        {ok, #{<<"id">> := Id, <<"op">> := Op} = Request} when is_integer(Id), is_binary(Op) ->
            Answer = perform(Op, Request),
            write(Id, Answer),
            Op =:= <<"bye">> andalso Answer =:= {ok, null} andalso lic_writer:finish();
        {ok, #{<<"id">> := Id}} when is_integer(Id) ->
            write(Id, {error, <<"expected an 'op', a text">>});
        {ok, _} ->
            write(null, {error, <<"expected an object with an integer 'id' and an 'op'">>});
        {error, Message} ->
            write(null, {error, Message})
    end.

write(Id, Answer) ->
    Line = line(Id, Answer),
    case iolist_size(Line) of
        Size when Size > ?MAX_LINE ->
            lic_writer:write(line(Id, {error, iolist_to_binary(
                io_lib:format("the answer would be ~b bytes, more than 1048576; observe more often", [Size]))}));
        _ ->
            lic_writer:write(Line)
    end.

line(Id, {ok, Value}) -> [<<"{\"id\":">>, lic_json:encode(Id), <<",\"ok\":">>, lic_json:encode(Value), <<"}\n">>];
line(Id, Answer) -> [lic_json:encode((lic_ops:answer_json(Answer))#{<<"id">> => Id}), $\n].

perform(Op, Request) ->
    lic_requests:guard(Op, fun() ->
                                   case Request of
                                       #{<<"args">> := Args} when is_map(Args) -> serve(Op, Args);
                                       #{<<"args">> := Args} -> lic_parse:bad("an object of arguments", Args);
                                       #{} -> serve(Op, #{})
                                   end
                           end).

serve(<<"observe">>, Args) ->
    observe(lic_parse:field(<<"settle_ms">>, Args, fun lic_parse:milliseconds/1));
serve(<<"parallel">>, Args) ->
    lic_clients:parallel(lic_parse:field(<<"clients">>, Args, fun lic_clients:parse/1));
serve(<<"reset">>, _) ->
    reset();
serve(<<"hello">>, Args) ->
    case lic_parse:field(<<"protocol">>, Args, fun(Version) -> Version end) of
        1 -> {ok, lic_hello:hello()};
        Other -> lic_parse:bad("protocol 1", Other)
    end;
serve(<<"bye">>, _) ->
    {ok, null};
serve(Op, Args) ->
    lic_requests:perform(Op, Args).

observe(Ms) ->
    Quiet = lic_settle:wait(Ms),
    Children = lic_admin:children(Quiet),
    case lic_log:drain() of
        {ok, Events} ->
            {ok, #{<<"quiet">> => Quiet, <<"now">> => lic_world:now(),
                   <<"alive">> => lists:sort([lic_world:label(Pid) || Pid <- lic_log:live(), is_process_alive(Pid)]),
                   <<"names">> => lic_world:names(), <<"children">> => Children, <<"events">> => Events}};
        Error ->
            Error
    end.

reset() ->
    lic_log:clear(),
    case lic_world:starting() orelse lic_log:live() =/= [] of
        true ->
            %% Someone was killed while starting a process that has told nobody of itself yet, or has only just told.
            [exit(Pid, kill) || Pid <- lic_world:strays()],
            erlang:yield(),
            reset();
        false ->
            %% Nobody is left who could start another; the last ones may have been logged meanwhile.
            lic_log:clear(),
            forget_strays(),
            lic_world:clear(),
            {ok, null}
    end.

%% A start that was given up after its timeout may have been acknowledged just then.
forget_strays() ->
    receive _ -> forget_strays()
    after 0 -> ok
    end.
