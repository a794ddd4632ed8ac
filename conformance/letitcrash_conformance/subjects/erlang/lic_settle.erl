%% Finds out when the world is quiet: nobody has a message to handle or a callback running.
%%
%% One look is not enough, because a signal that is on its way shows nowhere. So a scan demands that
%%   - nobody is about to be born,
%%   - every process waits in the loop of its behaviour, with an empty mailbox (or is suspended, with any mailbox),
%%   - nobody has a link or a monitor to a dead process: the signal of that death is still to come,
%%   - every timer message that is due was handled, and every death is in the log,
%% and a second scan has to find the same processes, which have done nothing but answer the first one. (Telling its
%% links costs a process a reduction; how many exactly is measured at the start.)
-module(lic_settle).

-export([calibrate/0, wait/1]).

%% So many scans are made in a row, giving way to others only, before the next one waits for a millisecond.
-define(EAGER, 200).
-define(ITEMS, [status, current_function, message_queue_len, links, monitors, reductions]).

%% Measures how many reductions a process spends on being inspected.
-spec calibrate() -> ok.
calibrate() ->
    {Pid, Monitor} = spawn_monitor(fun() -> receive stop -> ok end end),
    Readings = [proplists:get_value(reductions, process_info(Pid, ?ITEMS)) || _ <- lists:seq(1, 20)],
    Steps = lists:zipwith(fun(After, Before) -> After - Before end, tl(Readings), lists:droplast(Readings)),
    Pid ! stop,
    receive {'DOWN', Monitor, process, Pid, _} -> persistent_term:put(?MODULE, lists:min(Steps)) end.

%% Waits at most so many milliseconds; tells whether the world was quiet.
-spec wait(non_neg_integer()) -> boolean().
wait(Ms) -> wait(erlang:monotonic_time(millisecond) + Ms, 1).

wait(Deadline, Tries) ->
    case is_quiet() of
        true -> true;
        false ->
            case erlang:monotonic_time(millisecond) >= Deadline of
                true -> false;
                false ->
                    case Tries < ?EAGER of
                        true -> erlang:yield();
                        false -> receive after 1 -> ok end
                    end,
                    wait(Deadline, Tries + 1)
            end
    end.

is_quiet() ->
    case scan() of
        busy -> false;
        {Log, Seen} ->
            case scan() of
                busy -> false;
                {LogAgain, SeenAgain} -> Log =:= LogAgain andalso is_same(Seen, SeenAgain, persistent_term:get(?MODULE))
            end
    end.

is_same([{Pid, State, Before} | Seen], [{Pid, State, After} | SeenAgain], Cost) when After =:= Before + Cost ->
    is_same(Seen, SeenAgain, Cost);
is_same(Seen, SeenAgain, _) ->
    {Seen, SeenAgain} =:= {[], []}.

%% The reductions of every process, or `busy'.
scan() ->
    Now = erlang:monotonic_time(millisecond),
    try
        lic_world:starting() andalso throw(busy),
        Log = process_info(whereis(lic_log), [status, message_queue_len, reductions]),
        [{status, waiting}, {message_queue_len, 0}, {reductions, LogReductions}] = Log,
        Live = lic_log:live(),
        Alive = maps:from_keys(Live, []),
        Seen = [inspect(Pid, Alive) || Pid <- Live],
        case lic_world:remembered() of
            [] -> ok;
            Pending -> check_pending(Pending, maps:from_list([{Pid, State} || {Pid, State, _} <- Seen]), Now)
        end,
        {LogReductions, Seen}
    catch
        throw:busy -> busy;
        error:{badmatch, _} -> busy
    end.

inspect(Pid, Alive) ->
    [{status, waiting}, {current_function, Where}, {message_queue_len, Queued}, {links, Links}, {monitors, Monitors},
     {reductions, Reductions}] =
        process_info(Pid, ?ITEMS),
    State = case Where of
                {gen_server, loop, _} when Queued =:= 0 -> parked;
                %% From OTP 27 or 28 on an idle supervisor hibernates.
                {gen_server, loop_hibernate, _} when Queued =:= 0 -> parked;
                {erlang, hibernate, _} when Queued =:= 0 -> parked;
                {sys, suspend_loop, _} -> suspended;
                {sys, suspend_loop_hib, _} -> suspended;
                _ -> throw(busy)
            end,
    [is_map_key(Other, Alive) orelse throw(busy) || Other <- Links, is_pid(Other)],
    [is_map_key(Other, Alive) orelse throw(busy) || {process, Other} <- Monitors, is_pid(Other)],
    {Pid, State, Reductions}.

%% What lic_world:remember/2 noted about processes that are alive.
check_pending(Pending, States, Now) ->
    lists:foreach(
      fun({{Owner, _}, What}) ->
              case {What, States} of
                  {{monitor, Other}, #{Owner := _}} -> is_map_key(Other, States) orelse throw(busy);
                  {{timer, Timer}, #{Owner := _}} -> erlang:read_timer(Timer) =:= 0 andalso throw(busy);
                  {{interval, Since, Ms, Count}, #{Owner := parked}} ->
                      (Now - Since) div Ms > Count andalso throw(busy);
                  _ -> ok
              end
      end, Pending).
