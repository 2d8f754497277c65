using Telemetry.Contracts.Catalogue;

namespace Telemetry.Tests.Catalogue;

public sealed class UcumUnitTests
{
    [Theory]
    [InlineData("Cel")]
    [InlineData("mm/s")]
    [InlineData("kW.h")]
    [InlineData("m3/h")]
    [InlineData("m/s2")]
    [InlineData("kg.m-3")]
    [InlineData("/min")]
    [InlineData("{pieces}/min")]
    [InlineData("{rpm}")]
    [InlineData("%")]
    [InlineData("[degF]")]
    [InlineData("[gal_us]/min")]
    [InlineData("J/(kg.K)")]
    [InlineData("10*3/uL")]
    [InlineData("min")]
    [InlineData("cd")]
    [InlineData("dB[SPL]")]
    [InlineData("1")]
    [InlineData("kg{dry}")]
    public void Codes_of_UCUM_are_read(string code) => UcumUnit.IsCode(code).ShouldBeTrue();

    [Theory]
    [InlineData("")]
    [InlineData("°C")]
    [InlineData("degC")]
    [InlineData("rpm")]
    [InlineData("mm//s")]
    [InlineData("mm/")]
    [InlineData("kkW")]
    [InlineData("kmin")]
    [InlineData("(m")]
    [InlineData("m)")]
    [InlineData("{}")]
    [InlineData("{a{b}}")]
    [InlineData("m3x")]
    [InlineData("((((((((((((m))))))))))))")]
    public void What_is_no_code_of_UCUM_is_refused(string code) => UcumUnit.IsCode(code).ShouldBeFalse();

    [Theory]
    [InlineData("Cel", "°C")]
    [InlineData("mm/s", "mm/s")]
    [InlineData("m3/h", "m³/h")]
    [InlineData("{rpm}", "rpm")]
    [InlineData("{pieces}", "pieces")]
    [InlineData("kW.h", "kWh")]
    [InlineData("%", "%")]
    [InlineData("Pa.s", "Pa·s")]
    public void A_code_has_a_symbol_for_people(string code, string symbol) => UcumUnit.SymbolOf(code).ShouldBe(symbol);

    [Theory]
    [InlineData("°C", "Cel")]
    [InlineData("degC", "Cel")]
    [InlineData("rpm", "{rpm}")]
    [InlineData("kWh", "kW.h")]
    [InlineData("m³/h", "m3/h")]
    [InlineData("bar", "bar")]
    [InlineData("furlongs", null)]
    public void A_symbol_has_its_code(string symbol, string? code) => UcumUnit.CodeOf(symbol).ShouldBe(code);

    [Fact]
    public void Codes_that_symbols_stand_for_can_be_read() =>
        new[] { "°C", "°F", "Ω", "kΩ", "µm", "ppm", "m³", "m/s²", "kWh", "VA", "Ah", "Nm", "psi", "hp", "gal/min", "rpm", "B", "mH₂O" }
            .Where(symbol => UcumUnit.CodeOf(symbol) is not { } code || !UcumUnit.IsCode(code)).ShouldBeEmpty();
}
