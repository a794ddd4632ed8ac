%% The one client process of the world: serves the requests in order.
-module(lic_driver).

-export([start_link/0]).

-define(MAX_LINE, 1048576).
-define(SERVER_MS, 5000).

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
    try
        case Request of
            #{<<"args">> := Args} when is_map(Args) -> serve(Op, Args);
            #{<<"args">> := Args} -> lic_parse:bad("an object of arguments", Args);
            #{} -> serve(Op, #{})
        end
    catch
        throw:{bad, Message} -> {error, <<Op/binary, ": ", Message/binary>>};
        Class:Reason:Stack ->
            lic_main:complain("~ts broke the harness, please report this:~n~0p ~0tp~n~0tp", [Op, Class, Reason, Stack]),
            {error, <<Op/binary, ": a bug of the harness, see its standard error: ",
                      (lic_reason:format(Reason))/binary>>}
    end.

serve(<<"call">>, Args) ->
    lic_ops:call(to(Args), action(Args), timeout(Args, ?SERVER_MS));
serve(<<"cast">>, Args) ->
    lic_ops:cast(to(Args), action(Args));
serve(<<"send">>, Args) ->
    lic_ops:send(to(Args), text(<<"payload">>, Args));
serve(<<"spawn">>, Args) ->
    lic_ops:start(text(<<"as">>, Args), lic_parse:field(<<"probe">>, Args, fun lic_parse:probe/1), plain,
                  timeout(Args, ?SERVER_MS));
serve(<<"exit">>, Args) ->
    lic_ops:signal(label(Args), reason(Args));
serve(<<"stop">>, Args) ->
    stop(to(Args), reason(Args), timeout(Args, ?SERVER_MS));
serve(<<"register">>, Args) ->
    Name = text(<<"name">>, Args),
    lic_ops:with(label(Args), fun(Pid) -> lic_ops:register_name(Name, Pid) end);
serve(<<"unregister">>, Args) ->
    try unregister(lic_world:known_name(text(<<"name">>, Args))) of
        true -> {ok, null}
    catch
        error:badarg -> {fail, <<"not_registered">>}
    end;
serve(<<"whereis">>, Args) ->
    {ok, lic_world:holder(lic_world:known_name(text(<<"name">>, Args)))};
serve(<<"name_of">>, Args) ->
    lic_ops:with(label(Args), fun(Pid) ->
                                      case process_info(Pid, registered_name) of
                                          {registered_name, Atom} -> {ok, lic_world:text(Atom)};
                                          _ -> {ok, null}
                                      end
                              end);
serve(<<"suspend">>, Args) ->
    lic_ops:with(label(Args), fun(Pid) -> system(fun() -> sys:suspend(Pid, ?SERVER_MS) end) end);
serve(<<"resume">>, Args) ->
    lic_ops:with(label(Args), fun(Pid) -> system(fun() -> sys:resume(Pid, ?SERVER_MS) end) end);
serve(<<"advance">>, Args) ->
    timer:sleep(lic_parse:field(<<"ms">>, Args, fun lic_parse:milliseconds/1)),
    {ok, null};
serve(<<"observe">>, Args) ->
    observe(lic_parse:field(<<"settle_ms">>, Args, fun lic_parse:milliseconds/1));
serve(<<"reset">>, _) ->
    reset();
serve(<<"hello">>, Args) ->
    case lic_parse:field(<<"protocol">>, Args, fun(Version) -> Version end) of
        1 -> {ok, hello()};
        Other -> lic_parse:bad("protocol 1", Other)
    end;
serve(<<"bye">>, _) ->
    {ok, null};
serve(Op, _) ->
    case lists:member(Op, [<<"start_supervisor">>, <<"start_child">>, <<"terminate_child">>, <<"restart_child">>,
                           <<"delete_child">>, <<"which_children">>, <<"count_children">>, <<"parallel">>]) of
        true -> {fail, <<"unsupported">>};
        false -> {error, <<"unknown op '", Op/binary, "'">>}
    end.

text(Key, Args) -> lic_parse:field(Key, Args, fun lic_parse:text/1).
label(Args) -> text(<<"to">>, Args).
to(Args) -> lic_parse:field(<<"to">>, Args, fun lic_parse:target/1).
action(Args) -> lic_parse:field(<<"msg">>, Args, fun lic_parse:action/1).
reason(Args) -> lic_parse:field(<<"reason">>, Args, fun lic_reason:parse/1).
timeout(Args, Default) -> lic_parse:field(<<"timeout_ms">>, Args, fun lic_parse:milliseconds/1, Default).

stop(Target, Reason, Timeout) ->
    case lic_ops:resolve(Target) of
        undefined -> {fail, <<"noproc">>};
        To -> system(fun() -> gen_server:stop(To, Reason, Timeout) end)
    end.

%% OTP tells a failure of a system message sometimes bare, sometimes with the call that failed.
system(Do) ->
    try Do() of
        ok -> {ok, null}
    catch
        exit:{Reason, {sys, _, _}} -> gone(Reason);
        exit:Reason -> gone(Reason);
        %% The time ran out between the message and the wait for the death.
        error:timeout_value -> {fail, <<"timeout">>}
    end.

gone(noproc) -> {fail, <<"noproc">>};
gone(timeout) -> {fail, <<"timeout">>};
gone(Reason) -> {fail, <<"exit">>, lic_reason:to_json(Reason)}.

observe(Ms) ->
    Quiet = lic_settle:wait(Ms),
    case lic_log:drain() of
        {ok, Events} ->
            {ok, #{<<"quiet">> => Quiet, <<"now">> => lic_world:now(),
                   <<"alive">> => lists:sort([lic_world:label(Pid) || Pid <- lic_log:live(), is_process_alive(Pid)]),
                   <<"names">> => lic_world:names(), <<"children">> => #{}, <<"events">> => Events}};
        Error ->
            Error
    end.

reset() ->
    lic_log:clear(),
    case lic_world:starting() of
        true ->
            %% Someone was killed while starting a process that has told nobody of itself yet.
            [exit(Pid, kill) || Pid <- lic_world:strays()],
            erlang:yield(),
            reset();
        false ->
            forget_strays(),
            lic_world:clear(),
            {ok, null}
    end.

%% A start that was given up after its timeout may have been acknowledged just then.
forget_strays() ->
    receive _ -> forget_strays()
    after 0 -> ok
    end.

hello() ->
    #{<<"protocol">> => 1, <<"name">> => <<"erlang-otp">>, <<"version">> => version(), <<"language">> => <<"erlang">>,
      <<"backends">> => [<<"process">>], <<"default_backend">> => <<"process">>,
      <<"clock">> => <<"wall">>, <<"time_unit_ms">> => 1000, <<"wall_grain_ms">> => 100, <<"settle">> => true,
      <<"features">> => [<<"genserver">>, <<"links">>, <<"monitors">>, <<"exit_signals">>, <<"registry">>,
                         <<"timers">>, <<"suspend">>, <<"nested_call">>, <<"error_text">>]}.

%% The whole version where the installation tells, else the release.
version() ->
    Release = erlang:system_info(otp_release),
    case file:read_file(filename:join([code:root_dir(), "releases", Release, "OTP_VERSION"])) of
        {ok, Text} -> string:trim(Text);
        {error, _} -> list_to_binary(Release)
    end.
