%% The operations that any client may ask for, the one client of the session and the clients of `parallel'.
-module(lic_requests).

-export([perform/2, guard/2]).

-define(SERVER_MS, 5000).
-define(SUPERVISOR_MS, 60000).

-spec perform(binary(), #{binary() => lic_json:json()}) -> lic_ops:answer().
perform(Op, Args) -> guard(Op, fun() -> serve(Op, Args) end).

%% Turns what was thrown, and any bug, into an answer.
-spec guard(binary(), fun(() -> lic_ops:answer())) -> lic_ops:answer().
guard(Op, Serve) ->
    try Serve()
    catch
        throw:unsupported -> {fail, <<"unsupported">>};
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
serve(<<"start_supervisor">>, Args) ->
    lic_admin:start_supervisor(text(<<"as">>, Args), lic_parse:field(<<"spec">>, Args, fun lic_spec:supervisor/1),
                               lic_parse:field(<<"link">>, Args, fun lic_parse:text/1, none),
                               timeout(Args, ?SUPERVISOR_MS));
serve(<<"start_child">>, Args) ->
    lic_admin:start_child(sup(Args), lic_parse:field(<<"child">>, Args, fun lic_spec:child/1),
                          timeout(Args, ?SUPERVISOR_MS));
serve(<<"terminate_child">>, Args) ->
    lic_admin:terminate_child(sup(Args), text(<<"child">>, Args), timeout(Args, ?SUPERVISOR_MS));
serve(<<"restart_child">>, Args) ->
    lic_admin:restart_child(sup(Args), text(<<"child">>, Args), timeout(Args, ?SUPERVISOR_MS));
serve(<<"delete_child">>, Args) ->
    lic_admin:delete_child(sup(Args), text(<<"child">>, Args), timeout(Args, ?SUPERVISOR_MS));
serve(<<"which_children">>, Args) ->
    lic_admin:which_children(sup(Args), timeout(Args, ?SUPERVISOR_MS));
serve(<<"count_children">>, Args) ->
    lic_admin:count_children(sup(Args), timeout(Args, ?SUPERVISOR_MS));
serve(<<"suspend">>, Args) ->
    lic_ops:with(label(Args), fun(Pid) -> system(fun() -> sys:suspend(Pid, ?SERVER_MS) end) end);
serve(<<"resume">>, Args) ->
    lic_ops:with(label(Args), fun(Pid) -> system(fun() -> sys:resume(Pid, ?SERVER_MS) end) end);
serve(<<"advance">>, Args) ->
    timer:sleep(lic_parse:field(<<"ms">>, Args, fun lic_parse:milliseconds/1)),
    {ok, null};
serve(Op, _) ->
    {error, <<"unknown op '", Op/binary, "'">>}.

text(Key, Args) -> lic_parse:field(Key, Args, fun lic_parse:text/1).
label(Args) -> text(<<"to">>, Args).
sup(Args) -> text(<<"sup">>, Args).
to(Args) -> lic_parse:field(<<"to">>, Args, fun lic_parse:target/1).
action(Args) -> lic_parse:field(<<"msg">>, Args, fun lic_parse:action/1).
reason(Args) -> lic_parse:field(<<"reason">>, Args, fun lic_reason:parse/1).
timeout(Args, Default) -> lic_parse:field(<<"timeout_ms">>, Args, fun lic_parse:milliseconds/1, Default).

stop(Target, Reason, Timeout) ->
    case lic_ops:resolve(Target) of
        undefined -> {fail, <<"noproc">>};
        To -> system(fun() -> lic_ops:stop(To, Reason, Timeout) end)
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
gone(Reason) -> lic_reason:failure(<<"exit">>, Reason).
