using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;
using Telemetry.Processing;

namespace Telemetry.Tests.Processing;

public class DeviceEventTests
{
    private const long T = Batches.StartMs;
    private readonly PartitionDriver _driver = new(new ProcessingOptions { Detectors = () => [new RecordingDetector()], SilentAfter = TimeSpan.FromMinutes(5) });

    [Fact]
    public void Each_boot_is_told_once()
    {
        _driver.Take(T, Batches.Of("d", 7, 1, T, 1));
        _driver.Take(T, Batches.Of("d", 7, 2, T, 1));
        _driver.Take(T + 10, Batches.Of("d", 8, 1, T + 5, 1));
        _driver.Take(T + 20, Batches.Of("d", 7, 3, T + 6, 1));
        Events(DeviceEventKind.Booted).Select(e => (e.BootId, e.TimeUs)).ShouldBe([(7UL, T * 1000), (8UL, (T + 5) * 1000)]);
    }

    [Fact]
    public void Silence_shows_when_the_partition_goes_on_and_ends_with_the_next_record()
    {
        Alive("quiet", 1, 0);
        for (var second = 1; second < 1000; second += 10)
        {
            Alive("talker", (ulong)second, second);
        }

        Alive("quiet", 2, 1000);
        var silent = Events(DeviceEventKind.Silent).ShouldHaveSingleItem();
        (silent.Device, silent.TimeUs, silent.Figure).ShouldBe(("quiet", (T + 300_000) * 1000, 300_000_000));
        var resumed = Events(DeviceEventKind.Resumed).ShouldHaveSingleItem();
        (resumed.Device, resumed.TimeUs, resumed.Figure).ShouldBe(("quiet", (T + 1_000_000) * 1000, 1_000_000_000));
    }

    [Fact]
    public void A_gap_filled_in_time_is_no_event()
    {
        Alive("d", 1, 0);
        Alive("d", 3, 1);
        Alive("d", 2, 60);
        Alive("d", 4, 600);
        Events(DeviceEventKind.SequenceGap).ShouldBeEmpty();
    }

    [Fact]
    public void A_gap_that_stays_is_told_once_with_the_number_missing()
    {
        Alive("d", 1, 0);
        Alive("d", 5, 1);
        for (var second = 2; second < 400; second += 10)
        {
            Alive("d", (ulong)second + 4, second, count: 10);
        }

        var gap = Events(DeviceEventKind.SequenceGap).ShouldHaveSingleItem();
        (gap.Device, gap.BootId, gap.Figure, gap.TimeUs).ShouldBe(("d", 1UL, 3, (T + 121_000) * 1000));
    }

    [Fact]
    public void A_gap_of_the_former_boot_is_told_as_well()
    {
        Alive("d", 1, 0);
        Alive("d", 3, 1);
        Alive("d", 1, 2, boot: 2);
        Alive("d", 4, 3, boot: 2);
        Alive("d", 5, 200, boot: 2);
        Alive("d", 6, 400, boot: 2);
        Events(DeviceEventKind.SequenceGap).Select(e => (e.BootId, e.Figure)).ShouldBe([(1UL, 1L), (2UL, 2L)]);
    }

    [Fact]
    public void A_clock_that_is_off_is_told_once_and_again_when_it_is_right()
    {
        var n = 1UL;
        for (var second = 0; second < 1800; second += 5)
        {
            var offset = second < 900 ? -600_000 : 0;
            _driver.Take(T + (second * 1000), Batches.Of("d", 1, n++, T + (second * 1000) + offset - (second % 7 * 100), 1));
        }

        var skew = Events(DeviceEventKind.ClockSkew).ShouldHaveSingleItem();
        skew.Figure.ShouldBeInRange(-600_000_000, -599_900_000);
        Events(DeviceEventKind.ClockOk).ShouldHaveSingleItem().TimeUs.ShouldBeGreaterThan((T + 900_000) * 1000);
    }

    [Fact]
    public void A_clock_23_hours_ahead_is_told_with_its_first_reading_and_once()
    {
        const long Ahead = 23 * 3_600_000L;
        for (var second = 0; second < 1800; second += 5)
        {
            var now = T + (second * 1000);
            _driver.Take(now, Batches.Of("d", 1, (ulong)(second / 5) + 1, now + Ahead, 1));
        }

        var skew = Events(DeviceEventKind.ClockSkew).ShouldHaveSingleItem();
        (skew.Device, skew.TimeUs, skew.Figure).ShouldBe(("d", T * 1000, Ahead * 1000));
        Events(DeviceEventKind.ClockOk).ShouldBeEmpty();
    }

    [Fact]
    public void A_clock_that_jumps_ahead_is_told_at_once_and_again_when_it_is_back()
    {
        for (var second = 0; second < 3600; second += 5)
        {
            var now = T + (second * 1000);
            var offset = second is >= 1200 and < 2400 ? 23 * 3_600_000L : -200;
            _driver.Take(now, Batches.Of("d", 1, (ulong)(second / 5) + 1, now + offset, 1));
        }

        Events(DeviceEventKind.ClockSkew).ShouldHaveSingleItem().TimeUs.ShouldBe((T + 1_200_000) * 1000);
        Events(DeviceEventKind.ClockOk).ShouldHaveSingleItem().TimeUs.ShouldBeGreaterThan((T + 2_400_000) * 1000);
    }

    [Fact]
    public void One_accepted_reading_from_the_future_is_told()
    {
        for (var second = 0; second < 900; second += 5)
        {
            var now = T + (second * 1000);
            _driver.Take(now, Batches.Of("d", 1, (ulong)(second / 5) + 1, now + (second == 300 ? 90_000 : 0), 1));
        }

        var skew = Events(DeviceEventKind.ClockSkew).ShouldHaveSingleItem();
        (skew.TimeUs, skew.Figure).ShouldBe(((T + 300_000) * 1000, 90_000_000));
        Events(DeviceEventKind.ClockOk).ShouldHaveSingleItem();
    }

    [Fact]
    public void A_device_without_ids_boots_in_no_event_when_the_bridge_restarts()
    {
        _driver.Take(T, Batches.Of("d", AssignedBootId.Create(), 1, T, 1));
        _driver.Take(T + 1_000, Batches.Of("d", AssignedBootId.Create(), 1, T + 1_000, 1));
        _driver.Take(T + 2_000, Batches.Of("d", 7, 1, T + 2_000, 1));
        Events(DeviceEventKind.Booted).ShouldHaveSingleItem().BootId.ShouldBe(7UL);
    }

    [Fact]
    public void A_backlog_after_an_outage_is_no_wrong_clock()
    {
        var n = 1UL;
        for (var minute = 0; minute < 120; minute++)
        {
            var now = T + (minute * 60_000L);
            if (minute == 60)
            {
                for (var late = 0; late < 200; late++)
                {
                    _driver.Take(now + (late * 10), Batches.Of("d", 1, n++, now - 3_000_000 + (late * 15_000), 1));
                }
            }

            for (var second = 0; second < 60; second += 20)
            {
                _driver.Take(now + (second * 1000) + 2_000, Batches.Of("d", 1, n++, now + (second * 1000), 1));
            }
        }

        Events(DeviceEventKind.ClockSkew).ShouldBeEmpty();
    }

    [Fact]
    public void A_device_gone_for_longer_than_the_expiry_starts_afresh()
    {
        Alive("d", 1, 0);
        Alive("d", 1, 31L * 86_400);
        Events(DeviceEventKind.Booted).Count().ShouldBe(2);
        _driver.Processor.Table.Expired.ShouldBe(1);
    }

    private void Alive(string device, ulong sequence, long second, ulong boot = 1, int count = 1) => _driver.Take(
        T + (second * 1000), Batches.Of(device, boot, sequence, T + (second * 1000), new double[count]));

    private IEnumerable<DeviceEvent> Events(DeviceEventKind kind) => _driver.Events.Where(e => e.Kind == kind);
}
