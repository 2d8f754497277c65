using Telemetry.Storage.Verification;

namespace Telemetry.Tests.Storage;

public class NamedPartTests
{
    [Fact]
    public void Part_and_table_are_read_from_the_engines_words() => NamedPart.Find(
        "Code: 33. DB::Exception: Cannot read all data in MergeTreeReaderCompact. Rows read: 0. Rows expected: 3: (while reading column mark_lo): "
        + "(while reading from part /data/store/776/7763a3ee-73e2-4295-abcb-39033d005a71/202603_3_3_1/ in table default.readings_1h "
        + "(7763a3ee-73e2-4295-abcb-39033d005a71) located on disk default of type local, from mark 0 with max_rows_to_read = 3, offset = 0)")
        .ShouldBe(new TablePart("readings_1h", "202603_3_3_1"));

    [Fact]
    public void Other_words_name_no_part() => NamedPart.Find("Code: 241. DB::Exception: Memory limit (total) exceeded").ShouldBeNull();
}
